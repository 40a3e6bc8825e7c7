"""What an admin does about scripts: keys that are shown once, and can be taken away."""

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime

import attrs

from ...ports.clock import Clock
from ...ports.enterprises import EnterpriseStore
from ...ports.errors import Invalid
from ...ports.identity import Actor, Permission, Role, Token, TokenStore, UnknownToken
from ...ports.journal import Entry, Journal
from ...ports.miners import ContainerStore
from ...ports.secrets import Secret
from ..fields import check_plain, checked
from ..permissions import allow
from .confining import check_there
from .rules import TOKEN_PREFIX, actor_of_token, check_confinement, check_within, digest, orphans


@attrs.frozen(kw_only=True)
class NewToken:
    """What a script may do, and until when (``None``: until it is revoked)."""

    name: str
    role: Role
    expires_at: datetime | None = None
    container_ids: tuple[int, ...] = ()
    enterprise_numbers: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Tokens:
    """The scripts' keys.  All of it needs ``manage-tokens``."""

    tokens: TokenStore
    containers: ContainerStore
    enterprises: EnterpriseStore
    journal: Journal
    clock: Clock
    #: 256 random bits as text.
    fresh: Callable[[], str] = secrets.token_urlsafe

    async def all(self, actor: Actor) -> Sequence[Token]:
        """All tokens, the ended ones too, without their keys."""
        allow(actor, Permission.MANAGE_TOKENS)
        return await self.tokens.tokens()

    async def create(self, actor: Actor, new: NewToken) -> tuple[Token, Secret]:
        """Make a token and its key, which is nowhere else from now on.

        Raises:
            NotAllowed: It would have more rights than the actor.
            Invalid: It would have expired already, or names a container or an enterprise that is not there.
        """
        allow(actor, Permission.MANAGE_TOKENS)
        checked({"name": new.name}, {"name": check_plain})
        now = self.clock.now()
        if new.expires_at is not None and new.expires_at <= now:
            raise Invalid("A token expires in the future.", field="expires_at")
        check_confinement(new.role, new.container_ids, new.enterprise_numbers)
        await check_there(self.containers, self.enterprises, new.container_ids, new.enterprise_numbers)
        token = Token(
            0,
            new.name,
            new.role,
            now,
            new.expires_at,
            actor.name,
            container_ids=tuple(sorted(set(new.container_ids))),
            enterprise_numbers=tuple(sorted(set(new.enterprise_numbers))),
        )
        check_within(token, actor)
        key = Secret(TOKEN_PREFIX + self.fresh())
        token = await self.tokens.add_token(token, digest(key))
        await self._note(actor, "create-token", token, f"{token.name}, as {token.role}")
        return token, key

    async def revoke(self, actor: Actor, token_id: int) -> None:
        """End a token, and those that were made with it, at once.

        A crash in between leaves some of the latter.

        Raises:
            UnknownToken
        """
        allow(actor, Permission.MANAGE_TOKENS)
        known = await self.tokens.tokens()
        token = next((token for token in known if token.id == token_id), None)
        if token is None:
            raise UnknownToken(f"There is no token {token_id}.")
        for ended in (token, *orphans(known, actor_of_token(token).name, None)):
            await self.tokens.revoke_token(ended.id, at=self.clock.now())
            await self._note(actor, "revoke-token", ended, ended.name)

    async def _note(self, actor: Actor, action: str, token: Token, detail: str) -> None:
        entry = Entry(self.clock.now(), actor.name, f"identity.{action}", f"token {token.id}", "ok", detail)
        await self.journal.write(entry)
