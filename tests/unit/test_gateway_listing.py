"""The list of a remote administration server: which rows count, what is odd about it, and when it is no list."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineman.adapters.devices.gateways.listing import read_listing
from lineman.ports.errors import DeviceError
from lineman.ports.gateways import Listed, Listing, NotADirectory, PageCut

CYRILLIC = "\u0421\u043a\u043b\u0430\u0434-3"
CHINESE = "\u4ed3\u5e93\u4e00\u53f7"


def row(
    name: str | bytes, link: str = '<a href="http://mftp.example:38000">RADMIN</a>', address: str = "203.0.113.1"
) -> bytes:
    raw = name if isinstance(name, bytes) else name.encode()
    kept = b'<td><a href="http://mftp.example:8086/?del=%s&type=1">Del</a></td>' % raw
    return b"<tr>\n\t<td>%s </td>\n\t<td>%s </td>\n\t<td>%s</td>\n\t%s\n</tr>\n" % (
        raw,
        address.encode(),
        link.encode(),
        kept,
    )


def page(*rows: bytes, title: str = "Remote Administration Server") -> bytes:
    head = (
        f'<html><title>{title}</title><body><CENTER> \n<tr><a href="http://h/?cfg=read">v1.06 Modify Options</a></tr>'
    )
    return head.encode() + b'<table border="0">\n' + b"".join(rows) + b"</table>\n</body></html>\n"


def loosely(data: bytes) -> bytes:
    """The same page, written otherwise than version 1.06 does."""
    return data.replace(b"\n\t<td>", b"<td>").replace(b"</html>", b"</HTML>\r\n")


def listing(*rows: bytes) -> Listing:
    """What is read of a list as version 1.06 writes it."""
    return read_listing(page(*rows), "mftp")


def either(*rows: bytes) -> Listing:
    """The same, which a list of another making reads as well."""
    found = listing(*rows)
    assert read_listing(loosely(page(*rows)), "mftp") == found
    return found


def only(*rows: bytes) -> Listed:
    (found,) = either(*rows).rows
    return found


def link(text: str, href: str = "http://h:38000") -> str:
    return f'<a href="{href}">{text}</a>'


@pytest.mark.parametrize(
    "name", ["Vochi-Main", "Shop & Cafe", "a  b", "A/B", "x" * 255, "R&D", "50%", '"quoted"', CYRILLIC, CHINESE]
)
def test_names_are_what_stands_there_without_the_blanks_around(name: str) -> None:
    assert only(row(name)) == Listed(name, "203.0.113.1", 38000)


def test_each_name_is_decoded_for_itself_so_that_one_device_does_not_spoil_the_others() -> None:
    rows = (
        row(CYRILLIC.encode()),
        row(CHINESE.encode("gb2312")),
        row(CYRILLIC.encode("windows-1251")),
        row(b"\xff\xfe"),
    )
    names = [found.name for found in either(*rows).rows]
    assert names == [CYRILLIC, CHINESE, "\u044f\u044e"]


def test_names_differ_by_case() -> None:
    assert [found.name for found in either(row("shop"), row("Shop")).rows] == ["shop", "Shop"]


@pytest.mark.parametrize(
    ("cell", "port"),
    [
        (link("RADMIN"), 38000),
        (link("&nbsp;RADMIN &nbsp;\n"), 38000),
        (link("\xa0RADMIN\xa0"), 38000),
        (link("RADMIN", "http://192.0.2.5:38000/"), 38000),
        (link("RADMIN", "http://[2001:db8::1]:38000"), 38000),
        (link("RADMIN", "http://h:1"), 1),
        (link("RADMIN", "http://h:65535"), 65535),
        (link("RADMIN", "http://h:65536"), None),
        (link("RADMIN", "http://h:0"), None),
        (link("RADMIN", "http://h"), None),
        (link("RADMIN", "http://h:38000/?del=x"), None),
        (link("RADMIN", "http://u:p@h:38000"), None),
        (link("RADMIN", "javascript:alert(38000)"), None),
        (link("TELNET", "telnet://h:38011"), None),
        (link("RLOGIN"), None),
        ("RADMIN", None),
        ("", None),
    ],
)  # fmt: skip
def test_a_port_is_taken_of_a_radmin_link_only(cell: str, port: int | None) -> None:
    assert only(row("shop", cell)).port == port


def test_a_radmin_link_that_leads_nowhere_is_told() -> None:
    assert either(row("shop", link("RADMIN", "http://h"))).remarks == ("shop: its RADMIN link leads nowhere",)


def test_of_two_rows_with_one_name_the_one_with_a_radmin_link_counts() -> None:
    telnet, radmin = row("shop", link("TELNET", "telnet://h:1")), row("shop")
    for rows in ((telnet, radmin), (radmin, telnet)):
        assert (either(*rows).rows, either(*rows).remarks) == ((Listed("shop", "203.0.113.1", 38000),), ())


def test_of_two_radmin_rows_with_one_name_the_later_counts_and_that_is_told() -> None:
    found = either(row("shop"), row("shop", link("RADMIN", "http://h:38001"), "203.0.113.2"))
    assert found.rows == (Listed("shop", "203.0.113.2", 38001),)
    assert found.remarks == ("shop is on the list twice; the later row counts",)


def test_names_that_nobody_could_write_down_are_left_out_and_told() -> None:
    found = either(row("a\u202eb"), row("x" * 256), row("good"), row(" "))
    assert [device.name for device in found.rows] == ["good"]
    assert len(found.remarks) == 2
    assert all(remark.isprintable() for remark in found.remarks)
    assert len(listing(*(row(f"\u200b{n}") for n in range(100))).remarks) <= 20


def test_script_in_a_name_is_text() -> None:
    assert only(row("<script>alert(1)</script>")).name == "alert(1)"
    assert only(row("<b>shop</b>")).name == "shop"


HIDING = (
    "x<!--",
    "x<table>",
    "x</td></tr></table>",
    "x<textarea>",
    "x<style>",
    "x<!DOCTYPE",
    "x<a href='",
    "x<",
    "<plaintext>",
)


@pytest.mark.parametrize("name", HIDING)
def test_no_name_hides_other_rows(name: str) -> None:
    found = {device.name: device.port for device in listing(row("before"), row(name), row("after")).rows}
    assert found["before"] == found["after"] == 38000


def test_no_name_makes_up_a_row() -> None:
    forged = 'x </td><td>203.0.113.9 </td><td><a href="http://h:39999">RADMIN</a></td></tr><tr><td>y'
    found = listing(row("before"), row(forged), row("after")).rows
    assert [device.port for device in found] == [38000] * 3
    assert "y" not in {device.name for device in found}


@pytest.mark.parametrize("name", HIDING)
def test_on_a_list_of_another_making_a_name_that_hides_rows_makes_it_no_list(name: str) -> None:
    try:
        found = read_listing(loosely(page(row("before"), row(name), row("after"))), "mftp")
    except DeviceError:
        return
    assert {"before", "after"} <= {device.name for device in found.rows if device.port}


def test_an_empty_list_is_a_list_and_tells_the_version() -> None:
    assert either() == Listing((), "1.06")


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", PageCut),
        (b"<html><ti", PageCut),
        (page(row("shop"))[:-12], PageCut),
        (page(row("shop"))[:200], PageCut),
        (page(row("shop"), title="GoIP"), NotADirectory),
        (page(row("shop"), title="remote administration server 2"), NotADirectory),
        (b"<html><body><h1>It works!</h1></body></html>", NotADirectory),
        (b"{}", NotADirectory),
        (page().replace(b"table", b"tab\xb1e"), NotADirectory),
        (loosely(page(row("shop"))).replace(b"shop", b"sh\x01p"), NotADirectory),
        (page(b'<p><a href="http://h:38000">RADMIN</a></p>'), NotADirectory),
        (page(b"<div>" * 5000, row("shop"), row("deep")), NotADirectory),
    ],
)
def test_what_is_no_whole_list_is_an_error(data: bytes, kind: type[DeviceError]) -> None:
    with pytest.raises(kind):
        read_listing(data, "mftp")


PIECES = st.sampled_from(
    [
        *(
            b"<tr>",
            b"</tr>",
            b"<td>",
            b"</td>",
            b"<a href='http://h:38000'>",
            b"RADMIN",
            b"</a>",
            b"<table>",
            b"</table>",
        ),
        *(
            b"shop",
            b"<!--",
            b"-->",
            b"<title>",
            b"</title>",
            b"&nbsp;",
            b"&#x421;",
            b"\xd0\x90",
            b"\xb2\xd6",
            b"\x00",
            b"<",
        ),
        row("shop"),
        row("&"),
    ]
)


@given(st.lists(st.one_of(PIECES, st.binary(max_size=8)), max_size=30).map(b"".join), st.booleans())
def test_no_bytes_whatever_give_anything_but_rows_or_a_device_error(data: bytes, framed: bool) -> None:
    try:
        found = read_listing(page(data) if framed else data, "mftp")
        read_listing(loosely(page(data)), "mftp")
    except DeviceError:
        return
    for device in found.rows:
        assert device.name.isprintable()
        assert 0 < len(device.name) <= 255
        assert device.port is None or 0 < device.port < 65536
        assert device.address is None or device.address.isprintable()
