"""What requests about alerts have in common."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta

from .wire import Limit, Offset

Name = Annotated[str, Meta(extra_json_schema={"minLength": 1, "maxLength": 200})]
Ids = Annotated[tuple[int, ...], Meta(max_length=1000)]
#: Of enterprises.
Numbers = Annotated[tuple[str, ...], Meta(max_length=1000)]
Comment = Annotated[str, Meta(extra_json_schema={"maxLength": 2000})]


class Fields(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is not named stays as it is, or becomes what is usual."""

    def named(self) -> dict[str, Any]:
        """The fields that were sent."""
        fields = {name: getattr(self, name) for name in self.__struct_fields__}
        return {name: value for name, value in fields.items() if value is not UNSET}


class PageQuery(msgspec.Struct, frozen=True, kw_only=True):
    limit: Limit = 100
    offset: Offset = 0
