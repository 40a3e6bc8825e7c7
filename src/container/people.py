"""Who may come in, and whose things are whose."""

from datetime import timedelta

from dependency_injector import providers

from ..adapters.db.containers import SqlContainers
from ..adapters.db.enterprises import SqlEnterprises
from ..adapters.db.tokens import SqlTokens
from ..adapters.db.users import SqlUsers
from ..adapters.logs import unwritten
from ..core.enterprises import Enterprises
from ..core.identity import Identity, Tokens, Users
from ..core.identity import Policy as LoginPolicy
from ..core.identity.login import Unwritten
from ..settings import Settings
from .foundation import Foundation


def login_policy(settings: Settings) -> LoginPolicy:
    return LoginPolicy(
        registration_open=settings.registration == "open",
        login=timedelta(minutes=settings.login_minutes),
        session=timedelta(hours=settings.session_hours),
    )


class People(Foundation):
    """Users, tokens, and what they can be confined to."""

    user_store = providers.Singleton(SqlUsers, Foundation.database)
    token_store = providers.Singleton(SqlTokens, Foundation.database)
    container_store = providers.Singleton(SqlContainers, Foundation.database)
    enterprise_store = providers.Singleton(SqlEnterprises, Foundation.database, Foundation.vault)

    identity = providers.Singleton(
        Identity,
        users=user_store,
        tokens=token_store,
        hasher=Foundation.hasher,
        mint=Foundation.mint,
        journal=Foundation.journal,
        clock=Foundation.clock,
        policy=providers.Singleton(login_policy, Foundation.settings),
        unwritten=providers.Singleton(Unwritten, tell=unwritten),
    )
    users = providers.Singleton(
        Users,
        users=user_store,
        tokens=token_store,
        containers=container_store,
        enterprises=enterprise_store,
        hasher=Foundation.hasher,
        journal=Foundation.journal,
        clock=Foundation.clock,
    )
    tokens = providers.Singleton(
        Tokens,
        tokens=token_store,
        containers=container_store,
        enterprises=enterprise_store,
        journal=Foundation.journal,
        clock=Foundation.clock,
    )
    enterprises = providers.Singleton(
        Enterprises, enterprise_store=enterprise_store, journal=Foundation.journal, clock=Foundation.clock
    )
