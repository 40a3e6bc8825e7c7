"""What people and scripts are confined to has to be there."""

from collections.abc import Sequence

from ...ports.enterprises import EnterpriseStore, UnknownEnterprise
from ...ports.errors import Invalid
from ...ports.miners import ContainerStore, UnknownContainer


async def check_there(
    containers: ContainerStore,
    enterprises: EnterpriseStore,
    container_ids: Sequence[int],
    enterprise_numbers: Sequence[str],
) -> None:
    """See that all of them are there: a number that is given out later must not let anybody in.

    Raises:
        Invalid: Naming the field.
    """
    for container_id in container_ids:
        try:
            await containers.get(container_id)
        except UnknownContainer as error:
            raise Invalid(f"There is no container {container_id}.", field="container_ids") from error
    for number in enterprise_numbers:
        try:
            await enterprises.get(number)
        except UnknownEnterprise as error:
            raise Invalid(f"There is no enterprise {number}.", field="enterprise_numbers") from error
