"""Pages of gateways with every quirk that is known: what is read, what stays unknown, what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineman.adapters.devices.gateways import status, values
from lineman.adapters.devices.gateways.calling import authentication_ids
from lineman.adapters.devices.gateways.charsets import text_of
from lineman.adapters.devices.gateways.markup import Page, html_fields, identity_fields, xml_fields
from lineman.ports.errors import DeviceError
from lineman.ports.gateways import BadPage, Forward, ForwardState, Identity, Line, PageCut

RED = '&lt;font color="#FF0000">%s&lt;/font>'


def every(name: str) -> bool:
    return True


def xml(inside: str, *, charset: str = "ascii") -> bytes:
    return f'<?xml version="1.0" encoding="gb2312"?>\n<status>\n{inside}\n</status>\n'.encode(charset)


def xml_line(inside: str, *, charset: str = "ascii") -> Line:
    """The one line of ``status.xml``; fields as ``gsm_sim=Y|gsm_status=N``."""
    fields = "".join(
        f"<l1_{name}>{value}</l1_{name}>" for name, _, value in (field.partition("=") for field in inside.split("|"))
    )
    (line,) = status.lines(xml_fields(xml(fields, charset=charset), "x", every))
    return line


def html(
    inside: str, *, title: str = "GoIP", charset: str = "utf-8", meta: str = "utf-8", newline: str = "\n"
) -> bytes:
    page = (
        f'<html>\n<head><meta http-equiv="Content-Type" content="text/html; charset={meta}">'
        f"<title>{title}</title></head>\n<body>\n{inside}\n</body>\n</html>\n"
    )
    return page.replace("\n", newline).encode(charset)


def html_line(inside: str, **more: str) -> Line:
    (line,) = status.lines(html_fields(html(f"<table><tr>{inside}</tr></table>", **more), "x", every).fields)
    return line


def identity_of(inside: str, **more: str) -> Identity:
    return status.identity(html_fields(html(inside, **more), "x", every))


def test_tags_that_are_escaped_within_a_field_are_taken_off() -> None:
    line = xml_line('gsm_signal=&lt;font color="#FF0000">9&lt;/font>|status_line=&lt;font color="#F00">N&lt;/font>')
    assert (line.rssi_raw, line.rssi, line.voip) == ("9", 9, False)
    assert xml_line('gsm_signal=<font color="#FF0000">9</font>').rssi == 9
    assert xml_line("gsm_signal=&nbsp;14&amp;nbsp;").rssi == 14


def test_an_operator_with_signs_that_xml_forbids_is_read_as_it_is() -> None:
    assert xml_line("gsm_cur_oper=AT&T").operator == "AT&T"
    assert xml_line("gsm_cur_oper=AT&amp;T").operator == "AT&T"
    assert xml_line("gsm_cur_oper=&lt;script>alert(1)&lt;/script>").operator == "alert(1)"
    assert html_line('<td id="l1_gsm_cur_oper">&nbsp;North & South</td>').operator == "North & South"


def test_a_field_is_no_longer_than_a_field_can_be() -> None:
    assert xml_line(f"gsm_cur_oper={'x' * 127} {'y' * 1000}").operator == "x" * 127
    assert xml_line(f"gsm_cur_oper={'x' * 100_000}").operator == "x" * values.LONGEST


@pytest.mark.parametrize("charset", ["utf-8", "gb2312", "gb18030"])
def test_chinese_is_read_in_either_charset_whatever_the_page_says_of_it(charset: str) -> None:
    operator = "\N{CJK UNIFIED IDEOGRAPH-4E2D}\N{CJK UNIFIED IDEOGRAPH-56FD}\N{CJK UNIFIED IDEOGRAPH-79FB}"
    assert xml_line(f"gsm_cur_oper={operator}", charset=charset).operator == operator
    for meta in ("gb2312", "utf-8", "no-such", "unicode_escape"):
        cell = f'<td id="l1_gsm_cur_oper">&nbsp;{operator}</td>'
        assert html_line(cell, charset=charset, meta=meta).operator == operator


def test_cyrillic_is_read_in_utf_8_and_in_what_the_page_says() -> None:
    operator = "\u0411\u0438\u043b\u0430\u0439\u043d"
    assert xml_line(f"gsm_cur_oper={operator}", charset="utf-8").operator == operator
    cell = f'<td id="l1_gsm_cur_oper">{operator}</td>'
    assert html_line(cell, charset="windows-1251", meta="windows-1251").operator == operator
    assert html_line(cell, charset="koi8-r", meta="koi8-r").operator == operator


def test_bytes_that_fit_no_charset_are_text_all_the_same() -> None:
    assert text_of(b"\xff\x98\xff<b>") == "\xff\x98\xff<b>"
    assert text_of(b"a\x00\x1b[31mb") == "a[31mb"


@pytest.mark.parametrize(
    ("shown", "rssi"),
    [("0", 0), ("31", 31), ("9", 9), ("99", None), ("32", None), ("", None), ("-5", None), ("x", None)],
)
def test_a_signal_counts_from_0_to_31_and_what_was_shown_is_kept(shown: str, rssi: int | None) -> None:
    line = xml_line(f"gsm_signal={shown}|gsm_sim=Y|gsm_status=Y")
    assert (line.rssi_raw, line.rssi, line.dbm) == (shown or None, rssi, None if rssi is None else -113 + 2 * rssi)


def test_a_module_that_is_off_has_a_line_of_unknowns() -> None:
    line = xml_line(f"module_status_gsm=1|module_status={RED % 'N'}|gsm_sim=|gsm_status=|line_state=|gsm_signal=")
    assert line == Line(1, module=False)
    assert xml_line("module_status=<b/>") == Line(1)


def test_empty_elements_are_fields_without_a_value() -> None:
    fields = xml_fields(xml("<l1_gsm_sim/><l2_gsm_sim></l2_gsm_sim><l3_acd x='1'/>"), "x", every)
    assert status.lines(fields) == (Line(1), Line(2), Line(3))


@pytest.mark.parametrize(
    ("shown", "state", "peer"),
    [
        ("IDLE", "IDLE", None),
        ("CONNECTED:+999290000017", "CONNECTED", "+999290000017"),
        ("DIALING : 112", "DIALING", "112"),
        ("ACTIVE:", "ACTIVE", None),
        (":5", None, "5"),
        ("", None, None),
    ],
)
def test_a_call_state_is_a_word_and_a_number(shown: str, state: str | None, peer: str | None) -> None:
    line = xml_line(f"line_state={shown}")
    assert (line.state, line.peer) == (state, peer)


def test_the_cell_stands_in_an_element_a_tool_tip_or_the_cell_itself() -> None:
    assert (xml_line("lac=LAC:32B1,CELL ID:C8C0").lac, xml_line("lac=LAC:32B1,CELL ID:C8C0").cell) == ("32B1", "C8C0")
    tip = html_line('<td id="l1_gsm_cur_bst" title="LAC:32B1,CELL ID:C8C0">&nbsp;</td>')
    assert (tip.lac, tip.cell) == ("32B1", "C8C0")
    assert xml_line("lac=LAC:,CELL ID:").lac is None


def test_counts_and_minutes_are_numbers_or_unknown() -> None:
    line = xml_line("acd=45|asr=12.5%|callc=7/12|nocall_t=8726|sim_remain=15|sms_login=Y|smb_login=N")
    assert (line.acd_s, line.asr, line.answered, line.calls, line.idle_min) == (45, 12, 7, 12, 8726)
    assert (line.sim_remain, line.remaining_min, line.unlimited) == ("15", 15, False)
    assert (line.sms_server, line.sim_bank) == (True, False)
    free = xml_line("sim_remain=NO LIMIT|acd=|callc=|nocall_t=-1|asr=99999999999999999999")
    assert (free.remaining_min, free.unlimited, free.calls, free.idle_min, free.asr) == (None, True, None, None, None)
    assert xml_line("sim_remain=soon").unlimited is None


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("no", ["N", '<font color="#FF0000">N</font>', '&nbsp;<font color="#f00">N</font>'])
def test_no_is_read_with_or_without_a_font_and_after_a_hard_blank(no: str, newline: str) -> None:
    line = html_line(f'<td id="l1_gsm_sim">{no}</td>\n<td id="l1_gsm_status">&nbsp;Y</td>', newline=newline)
    assert (line.sim, line.gsm, line.voip) == (False, True, None)


def test_cells_are_found_by_their_own_id_and_the_first_of_two_counts() -> None:
    page = html(
        '<div id="gsm_info"><b id="l2_gsm_signal">20</b></div><div id="gsm_info"><i id="l2_gsm_signal">5</i></div>'
    )
    assert [(line.line, line.rssi) for line in status.lines(html_fields(page, "x", every).fields)] == [(2, 20)]


def test_there_are_as_many_lines_as_ids_and_never_more_than_32() -> None:
    fields = xml_fields(xml("".join(f"<l{n}_gsm_sim>Y</l{n}_gsm_sim>" for n in (*range(40), 100))), "x", _of_lines)
    assert [line.line for line in status.lines(fields)] == list(range(1, 33))


def _of_lines(name: str) -> bool:
    return name in status.LINE_NAMES


LABELS = """<table>
<tr><td class="title1">SN(Serial Number):</td><td>8MCDRM00030885</td></tr>
<tr><td>Firmware Version:</td><td>GHSFVT-1.1-68-11
</td></tr><tr><td>Module Version:</td><td>M26FBR03A02 RSIM</td></tr>
<tr><td>Current Time:</td><td>1970-01-01 00:00:07</td></tr></table>"""


def test_an_old_page_tells_who_it_is_by_labels() -> None:
    found = identity_of(f'<script>var uptime_s="12345";</script>{LABELS}', title="ACME GoIP_8 gateway")
    assert found == Identity(
        title="ACME GoIP_8 gateway",
        model="GoIP8",
        serial="8MCDRM00030885",
        serial_last4="0885",
        firmware="GHSFVT-1.1-68-11",
        module_version="M26FBR03A02 RSIM",
        uptime_s=12345,
        device_time="1970-01-01 00:00:07",
    )


def test_a_new_page_tells_it_by_ids_whatever_the_labels_are() -> None:
    found = identity_of('<td>No.</td><td id="sn">32M2RX00057708</td><td id="version"> GST1610-1.01-70 </td>')
    assert (found.serial_last4, found.firmware, found.module_version) == ("7708", "GST1610-1.01-70", None)


def test_the_part_before_the_lines_tells_the_same_as_the_whole_page() -> None:
    page = html(f'{LABELS}<div id="gsm_info"><b id="l1_gsm_sim">Y</b></div>')
    head, whole = identity_fields(page, "x", every), html_fields(page, "x", every)
    assert status.identity(head) == status.identity(whole)
    assert (status.lines(head.fields), head.has_lines) == ((), True)


@pytest.mark.parametrize(
    "script", ['var uptime_s="";', "var uptime_s=;", "", 'var uptime_s="-5";', 'var uptime_s="1e9x";']
)
def test_seconds_since_the_start_may_be_missing(script: str) -> None:
    assert identity_of(f"<script>{script}</script>").uptime_s is None


@pytest.mark.parametrize(
    ("title", "field", "model"),
    [
        ("GoIP4", None, "GoIP4"),
        ("GoIP-4", None, "GoIP4"),
        ("GoIP_8", None, "GoIP8"),
        ("GoIPx32", None, "GoIP32"),
        ("goip 16", None, "GoIP16"),
        ("HyberTone GoIP x16 VoIP GSM", None, "GoIP16"),
        ("GoIP", "GoIPx1", "GoIP1"),
        ("GoIP", None, "GoIP"),
        ("GoIP2026", None, "GoIP"),
        ("SIM box", None, None),
        ("SIM box", "GoIPx4", "GoIP4"),
        (None, None, None),
    ],
)
def test_the_model_is_the_size_that_the_title_tells(title: str | None, field: str | None, model: str | None) -> None:
    assert values.model(title, field) == model


@pytest.mark.parametrize(
    ("serial", "last4"),
    [
        ("8MCDRM00030885", "0885"),
        ("GOIP16E1BTR00040591", "0591"),
        ("M2R12", None),
        ("", None),
        (None, None),
        ("A1234B", "1234"),
    ],
)
def test_the_last_four_digits_are_those_that_end_the_serial_number(serial: str | None, last4: str | None) -> None:
    assert values.last_four(serial) == last4


def test_a_forwarding_is_off_not_set_a_number_or_unknown() -> None:
    assert values.forward("OFF") == Forward(ForwardState.OFF)
    assert values.forward("Not Set") == Forward(ForwardState.NOT_SET)
    assert values.forward("+999 29 000-01") == Forward(ForwardState.ON, "+999 29 000-01")
    for odd in (None, "", "ON", "Query", "<b>", "+"):
        assert values.forward(odd) == Forward()


@pytest.mark.parametrize(
    ("page", "kind"),
    [
        (b"", PageCut),
        (b"\x00" * 100, PageCut),
        (b"\xff" * 100, BadPage),
        (xml("<l1_gsm_sim>Y</l1_gsm_sim>")[:-5], PageCut),
        (xml("<l1_gsm_sim>Y")[:60], PageCut),
        (b"<html><body>404</body></html>", BadPage),
        (b"<html><body>404", BadPage),
        (b"<?xm", PageCut),
        (b"<other><l1_gsm_sim>Y</l1_gsm_sim></status>", BadPage),
        (b"</status>", BadPage),
        (xml("<l1_gsm_sim>Y</l1_gsm_sim><l2_acd><l2_asr>5</l2_acd></l2_asr><l3_gsm_sim>Y</l3_gsm_sim>"), BadPage),
        (xml("<l1_gsm_sim>Y</l1_gsm_sim><!-- <l2_gsm_sim>Y</l2_gsm_sim> -->"), BadPage),
    ],
)
def test_what_is_no_whole_status_is_an_error_and_not_a_part_of_one(page: bytes, kind: type[DeviceError]) -> None:
    with pytest.raises(kind):
        xml_fields(page, "x", every)


def test_whatever_follows_the_end_but_markup_does_no_harm() -> None:
    assert status.lines(xml_fields(xml("<l1_gsm_sim>Y</l1_gsm_sim>") + b"\r\n\x00\x00 \n", "x", every))
    with pytest.raises(PageCut):
        html_fields(html("") + b"<p>", "x", every)


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefghi", "bcdefghij", strict=True))
    + "]><status><l1_gsm_cur_oper>&j;</l1_gsm_cur_oper></status>"
)


@pytest.mark.parametrize(
    "page",
    [
        BOMB,
        BOMB.lower(),
        '<!DOCTYPE s SYSTEM "file:///etc/passwd"><status><l1_acd>1</l1_acd></status>',
        '<!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/hostname">]><status><l1_gsm_cur_oper>&x;</l1_gsm_cur_oper></status>',
    ],
)
def test_a_page_with_entities_of_its_own_is_refused_unread(page: str) -> None:
    with pytest.raises(BadPage):
        xml_fields(page.encode(), "x", every)


def test_references_that_nobody_defined_are_text() -> None:
    assert xml_line("gsm_cur_oper=&j;&x;").operator == "&j;&x;"


@pytest.mark.parametrize("code", ["#xD800", "#55296", "#0", "#x110000", "#99999999999", "#xffffd800"])
def test_references_to_signs_that_there_are_none_of_harm_nobody(code: str) -> None:
    assert xml_line(f"gsm_cur_oper=a&{code};b").operator == "a\N{REPLACEMENT CHARACTER}b"
    assert html_line(f'<td id="l1_gsm_cur_oper">a&{code};b</td>').operator == "a\N{REPLACEMENT CHARACTER}b"
    assert xml_line("gsm_cur_oper=&#1041;&#x42;").operator == "\u0411B"


def form(mode: str, *, endpoint: str = "SIP", lines: int = 2) -> bytes:
    options = "".join(
        f'<option {"selected " if name == mode else ""}value="{name}">{name}</option>'
        for name in ("SINGLE_MODE", "LINE_MODE", "TRUNK_GW_MODE", "GROUP_MODE")
    )
    accounts = "".join(
        f'<input value="{place}-id" class="edit" name="sip_{place}auth_id">'
        f'<input name="sip_{place}auth_passwd" value="CANARY">'
        for place in ("", "trunk_", "line1_", "group1_", "group3_")
    )
    groups = "".join(
        f'<select name="line{n}_setting"><option value="0">1</option><option value="2" selected>3</option></select>'
        for n in range(2, lines + 1)
    )
    return html(
        f'<select id="e" name="endpoint_type"><option value="{endpoint}" selected></select>'
        f'<select name="sip_config_mode">{options}</select><div class="invisible">{accounts}</div>'
        f'<select name="line1_setting"><option value="0">1</option><option value="1">2</option></select>{groups}'
    )


@pytest.mark.parametrize(
    ("mode", "ids"),
    [
        ("SINGLE_MODE", ["-id", "-id"]),
        ("TRUNK_GW_MODE", ["trunk_-id", "trunk_-id"]),
        ("LINE_MODE", ["line1_-id", None]),
        ("GROUP_MODE", ["group1_-id", "group3_-id"]),
        ("", ["-id", "-id"]),
    ],
)
def test_only_the_mode_that_is_selected_tells_authentication_ids(mode: str, ids: list[str | None]) -> None:
    found = authentication_ids(form(mode), "x", (1, 2))
    assert found == ((1, ids[0]), (2, ids[1]))
    assert "CANARY" not in repr(found)


def test_a_device_on_h323_has_no_authentication_ids_and_a_line_without_one_stays() -> None:
    assert authentication_ids(form("SINGLE_MODE", endpoint="H323"), "x", (1, 2)) == ((1, None), (2, None))
    empty = html('<input type="text" name="sip_auth_id" value=" ">')
    assert authentication_ids(empty, "x", (1,)) == ((1, None),)


def test_a_settings_page_of_something_else_is_an_error_that_tells_nothing_of_it() -> None:
    with pytest.raises(BadPage) as raised:
        authentication_ids(html('<input name="sip_auth_passwd" value="CANARY">'), "x", (1,))
    assert "CANARY" not in repr((raised.value, raised.value.__context__))


PIECES = st.sampled_from(
    [
        *(
            b"<status>",
            b"</status>",
            b"<l1_gsm_sim>",
            b"</l1_gsm_sim>",
            b"<l2_acd/>",
            b"&lt;font>",
            b"&nbsp;",
            b"&#1057;",
        ),
        *(
            b"<html>",
            b"</html>",
            b"<td id='l1_gsm_signal'>",
            b"<title>GoIP",
            b"<td>SN(Serial Number):</td>",
            b"&#xD800;",
        ),
        *(b"<!--", b"-->", b"<?xml", b"?>", b"<select name='sip_config_mode'>", b"<option selected value='LINE_MODE'>"),
        *(b"<input name='sip_line1_auth_id' value='", b"'>", b"charset=gb2312", b'uptime_s="9', b"\xd0\xe9", b"\x00"),
        *(b"<![CDATA[", b"]]>", b"l1_", b"<"),
    ]
)


@given(st.lists(st.one_of(PIECES, st.binary(max_size=12)), max_size=40).map(b"".join), st.booleans(), st.booleans())
def test_no_bytes_whatever_give_anything_but_a_reading_or_a_device_error(
    data: bytes, as_xml: bool, whole: bool
) -> None:
    if whole:
        data = b"<status>" + data + b"</status>" if as_xml else b"<html>" + data + b"</html>"
    try:
        if as_xml:
            page = Page(xml_fields(data, "x", every))
        else:
            page = html_fields(data, "x", every)
            identity_fields(data, "x", every)
            authentication_ids(data, "x", (1, 2))
    except DeviceError:
        return
    for line in status.lines(page.fields):
        assert 1 <= line.line <= 99
        assert line.rssi is None or 0 <= line.rssi <= 31
    for text in (*page.fields.values(), page.title):
        assert text is None or (text.isprintable() and text == text.strip() and 0 < len(text) <= values.LONGEST)
    status.forwards(page.fields)
    status.identity(page)
