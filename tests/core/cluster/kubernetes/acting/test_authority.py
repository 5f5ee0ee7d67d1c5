from __future__ import annotations

import pytest

from core.cluster.kubernetes.access import ReadOnlyAccess
from core.cluster.kubernetes.authority import WriteAuthority
from core.cluster.kubernetes.target import Target
from core.errors import InputError

TARGET = Target("prod", "shop", "checkout")


@pytest.mark.parametrize(
    "name", ["", "checkout", "shop/checkout", "prod/shop/cart", "PROD/shop/checkout"]
)
def test_only_the_full_name_is_a_confirmation(name: str) -> None:
    authority = WriteAuthority(TARGET, allowed=True)
    with pytest.raises(InputError, match="expected the confirmation 'prod/shop/checkout'"):
        authority.confirm(name)
    with pytest.raises(InputError, match="expected a confirmed permission"):
        authority.check()


def test_one_confirmation_is_enough_but_a_wrong_one_never_passes() -> None:
    authority = WriteAuthority(TARGET, allowed=True)
    authority.confirm("prod/shop/checkout")
    authority.confirm("")
    authority.check()
    with pytest.raises(InputError):
        authority.confirm("prod/shop/cart")


def test_without_the_permission_no_confirmation_helps() -> None:
    authority = WriteAuthority(TARGET, allowed=False)
    with pytest.raises(InputError, match="expected a run that may write"):
        authority.confirm("prod/shop/checkout")
    assert not authority.confirmed


def test_an_engine_that_may_only_look_has_nothing_to_write_with() -> None:
    access = ReadOnlyAccess()
    with pytest.raises(InputError, match="may only look"):
        access.take("prod/shop/checkout")
    assert not access.apply(2, 4).outcome.accepted
    assert not access.give_back(2).outcome.accepted
    assert access.giving_back(at_exit=True) is None
    assert vars(access) == {}, "no connection, no lease, nothing"
