"""Networks: what a look-up finds is what asking ``ipaddress`` network by network finds."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.networks import Address, Network, finder, membership, unmapped

NETWORKS = st.one_of(
    st.builds(lambda number, prefix: ipaddress.IPv4Network((number, prefix), strict=False), st.integers(0, 2**32 - 1), st.integers(0, 32)),
    st.builds(lambda number, prefix: ipaddress.IPv6Network((number, prefix), strict=False), st.integers(0, 2**128 - 1), st.integers(0, 128)),
)


def drawn(data: st.DataObject, networks: list[Network]) -> Address:
    """Draw an address; one at an edge of a network as a rule."""
    edges = [edge for network in networks for edge in (network[0], network[-1])]
    return data.draw(st.one_of(st.ip_addresses(), st.sampled_from(edges)) if edges else st.ip_addresses())


@given(st.lists(NETWORKS, max_size=20), st.data())
def test_membership_and_what_is_found_are_what_ipaddress_says(networks: list[Network], data: st.DataObject) -> None:
    one = drawn(data, networks)
    expected = [number for number, network in enumerate(networks) if one in network]
    assert membership(networks)(one) == bool(expected)
    assert sorted(finder((network, number) for number, network in enumerate(networks))(one)) == expected


def test_a_network_given_twice_finds_both_in_order() -> None:
    network = ipaddress.ip_network("192.0.2.0/24")
    find = finder([(network, "a"), (network, "b"), (ipaddress.ip_network("::/0"), "c")])
    assert find(ipaddress.ip_address("192.0.2.7")) == ["a", "b"]
    assert find(ipaddress.ip_address("198.51.100.7")) == []


def test_the_same_number_is_another_address_in_the_other_version() -> None:
    is_member = membership([ipaddress.ip_network("0.0.0.1")])
    assert is_member(ipaddress.IPv4Address(1))
    assert not is_member(ipaddress.IPv6Address(1))


@pytest.mark.parametrize(
    ("text", "plain"),
    [("::ffff:0.0.0.0", "0.0.0.0"), ("::ffff:203.0.113.9", "203.0.113.9"), ("::192.0.2.1", "::c000:201"), ("192.0.2.1", "192.0.2.1")],
)
def test_only_what_is_mapped_is_taken_out_of_ipv6(text: str, plain: str) -> None:
    assert str(unmapped(ipaddress.ip_address(text))) == plain
