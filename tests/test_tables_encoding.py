"""What encoding a file is in, and how its bytes become text."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from benchmarks import letters
from encoding_corpus import HEADS, PAGES, UNICODE, samples, table, writable
from hypothesis import given
from hypothesis import strategies as st

from csvagent_jupyter.exceptions import Unreadable
from csvagent_jupyter.tables.inside.encoding.decoder import LONGEST_LINE, MAX_LINES_TOLD, Decoder
from csvagent_jupyter.tables.inside.encoding.finding import decode, find
from csvagent_jupyter.tables.inside.encoding.utf8 import is_utf8

LETTERS = letters.TARGET
RUSSIAN = "город;имя;сумма\nТверь;Ольга Щукина;10\nПсков;Фёдор Ёлкин;20\n"


def read(data: bytes, size: int, decoder: Decoder) -> str:
    blocks = [data[start : start + size] for start in range(0, len(data), size)] or [b""]
    return "".join(decoder.text(block, final=number == len(blocks)) for number, block in enumerate(blocks, 1))


def test_texts_come_out_equal_whatever_the_code_page() -> None:
    right: Counter[str] = Counter()
    every: Counter[str] = Counter()
    for sample in samples(seeds=1):
        if sample.size == "long" and sample.encoding.startswith(("iso", "mac")):
            continue
        every[sample.size] += 1
        right[sample.size] += decode(sample.data, "a.csv").text == sample.text
    assert right["long"] == every["long"] > 70
    assert right["short"] == every["short"] > 100
    assert right["tiny"] > 0.93 * every["tiny"]  # two names: "Gyõr" may as well be what is meant


@pytest.mark.parametrize("encoding", UNICODE)
def test_unicode_in_any_width_with_and_without_a_mark(encoding: str) -> None:
    for language in PAGES:
        for size in ("tiny", "short"):
            text = table(language, size, 1)
            found = decode(text.encode(encoding), "a.csv")
            assert (found.text, found.guessed, found.replaced) == (text, False, 0), (language, found.encoding)


@pytest.mark.parametrize("mark", ["€ 12", "12 °C", "“so”", "Smith’s", "5 – 7", "№ 5", "£12"])
@pytest.mark.parametrize("encoding", ["cp1252", "cp1251"])
def test_a_sign_alone_tells_the_code_page_only_as_far_as_it_can(mark: str, encoding: str) -> None:
    text = f"id,note\n1,{mark}\n2,plain\n"
    try:
        data = text.encode(encoding)
    except UnicodeEncodeError:
        return
    if data != text.encode("cp1252", "replace"):  # what is cp1251's alone needs letters around it
        text = f"номер,слово\n1,{mark}\n2,просто\n"
        data = text.encode(encoding)
    assert decode(data, "a.csv").text == text


def test_marks_say_the_encoding() -> None:
    assert (find("\ufeffа".encode()).name, find("\ufeffа".encode()).bom) == ("utf-8-sig", 3)
    assert find("\ufeffа;б\n".encode("utf-16-le")).name == "utf-16"
    assert find("\ufeffа;б\n".encode("utf-32-be")).name == "utf-32"
    assert find(b"a,b\n1,2\n").name == "utf-8"


def test_an_encoding_is_found_in_parts_that_begin_and_end_within_a_character() -> None:
    plain = b"id;name\n" + b"1;abc\n" * 1000
    text = (RUSSIAN * 50).encode()
    assert find(plain[:4000], tail=text[1001:], middle=[text[333:777]]).name == "utf-8"
    legacy = (RUSSIAN * 50).encode("cp1251")
    assert find(plain[:4000], tail=legacy[1001:], middle=[legacy[333:777]]).name == "cp1251"


def test_a_stated_encoding_wins_and_an_unknown_one_is_refused() -> None:
    data = "Grüße".encode("cp1252")
    assert decode(data, "a.csv", "cp1251").text == "GrьЯe"
    assert decode(data, "a.csv", "utf-8").replaced == 2
    assert decode("\ufeffa".encode(), "a.csv", "utf8").text == "a"
    assert decode("a;б".encode("utf-16-le"), "a.csv", "utf-16").text == "a;б"
    assert decode("a;б".encode("utf-16-be"), "a.csv", "utf-16-be").text == "a;б"
    for name in ("no-such", "rot13", "utf\x008", "idna"):
        with pytest.raises(Unreadable, match="encoding"):
            decode(data, "a.csv", name)


@pytest.mark.parametrize("data", [bytes(range(256)) * 40, random.Random(1).randbytes(1 << 16), b"\x00" * 5000])
def test_what_is_no_text_is_refused(data: bytes) -> None:
    assert find(data).name == ""
    with pytest.raises(Unreadable):
        decode(data, "a.csv")


def test_a_few_zero_bytes_make_no_file_wide() -> None:
    data = b"id;name\n1;a\x00bc\n2;d\x00e\n3;\xd0\xb9\n" * 5
    assert decode(data, "a.csv").text == data.decode()


@pytest.mark.timeout(30)
def test_hostile_bytes_take_bounded_time() -> None:
    long = (b"\xff" * 1_000_000, b"a" * 20_000_000, b"\xe0\xa0" * 500_000, b"a" * 1_000_000 + b"\n\xff")
    for data in (*long, b"\x80\n" * 200_000, b"\xd0\xb9;\xff\n" * 100_000):
        decode(data, "a.csv")


def test_one_wrong_byte_far_down_leaves_the_file_utf8() -> None:
    rows = [f"{n};Псков;{n * 2}\n".encode() for n in range(200_000)]
    rows[150_000] = b"150000;\xcf\xf1;300000\n"
    found = decode(b"".join(rows), "a.csv")
    assert (found.encoding, found.guessed, found.replaced) == ("utf-8", False, 2)
    assert found.wrong.lines == [150_001]
    assert found.text.splitlines()[150_000] == "150000;\ufffd\ufffd;300000"


def test_a_character_cut_at_the_end_is_one_wrong_run() -> None:
    found = decode(RUSSIAN.encode() + "Я".encode()[:1], "a.csv")
    assert (found.text, found.replaced, found.wrong.cut) == (RUSSIAN + "\ufffd", 1, True)
    assert found.wrong.lines == [4]
    assert decode(("日本,1\n" * 9).encode("cp932") + b"\x93", "a.csv").wrong.cut
    assert decode("a;б\n".encode("utf-16") + b"\x31", "a.csv").wrong.count == 1


def test_what_was_lost_before_is_not_counted_as_wrong() -> None:
    assert decode("а;\ufffd\n".encode(), "a.csv").replaced == 0


def test_no_more_than_twenty_lines_are_told() -> None:
    decoder = Decoder("utf-8", other="")
    decoder.text(b"\xff\n" * 100, final=True)
    assert (decoder.wrong.count, len(decoder.wrong.lines)) == (100, MAX_LINES_TOLD)


@pytest.mark.parametrize(("first", "second"), [("utf-8", "cp1251"), ("cp1251", "utf-8")])
def test_lines_in_two_encodings_are_each_read_in_their_own(first: str, second: str) -> None:
    lines = RUSSIAN.splitlines(keepends=True) * 20
    lines[7], lines[31] = "Юрьев;Наталья Жданова;3\n", "Ямал;Павел Цой;4\n"
    data = b"".join(line.encode(second if n in {7, 31} else first) for n, line in enumerate(lines))
    found = decode(data, "a.csv")
    assert found.text == "".join(lines)
    assert (found.encoding, found.wrong.other_encoding, found.wrong.other_lines) == (first, second, [8, 32])
    assert found.wrong.mixed
    assert found.replaced == 0


def test_western_lines_in_a_file_of_utf8() -> None:
    text = "name,city\n" + "José,Málaga\nZoë,Nîmes\nJörg,Köln\n" * 10
    lines = text.splitlines(keepends=True)
    data = b"".join(line.encode("cp1252" if n % 5 == 1 else "utf-8") for n, line in enumerate(lines))
    found = decode(data, "a.csv")
    assert (found.text, found.wrong.other_encoding, found.wrong.other_count) == (text, "cp1252", 6)


def test_marks_where_files_were_joined_are_taken_out_and_told() -> None:
    found = decode(("\ufeff" + RUSSIAN).encode() * 3, "a.csv")
    assert (found.text, found.wrong.marks, found.wrong.mark_lines) == (RUSSIAN * 3, 2, [4, 7])
    found = decode(RUSSIAN.encode("utf-16") * 2, "a.csv")
    assert (found.text, found.wrong.marks, found.wrong.mark_lines) == (RUSSIAN * 2, 1, [4])
    found = decode(RUSSIAN.encode("cp1251") * 3 + ("\ufeff" + RUSSIAN).encode(), "a.csv")
    assert (found.text, found.wrong.mark_lines) == (RUSSIAN * 4, [10])


@pytest.mark.parametrize("page", ["cp1251", "cp1252"])
def test_text_encoded_twice_is_noted_and_left_as_it_is(page: str) -> None:
    text = RUSSIAN if page == "cp1251" else "name;Größe\nJosé Muñoz;5\n"
    spoilt = text.encode().decode(page, "ignore")
    found = decode(spoilt.encode(), "a.csv")
    assert found.text == spoilt
    assert found.double is not None
    assert found.double.encoding == page
    assert found.double.count >= 2
    assert found.double.is_meant in text


@pytest.mark.parametrize("language", sorted(HEADS))
def test_nothing_is_taken_for_encoded_twice_that_is_not(language: str) -> None:
    assert decode(table(language, "long", 1).encode(), "a.csv").double is None


@pytest.mark.parametrize("encoding", ["utf-8", "cp1251", "utf-16", "utf-16-be", "utf-32", "gb18030", "koi8_r", "cp866"])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 1000])
def test_blocks_of_any_size_give_the_same_text(encoding: str, size: int) -> None:
    decoder = Decoder(encoding)
    assert read(RUSSIAN.encode(encoding), size, decoder) == RUSSIAN
    assert decoder.wrong.count == 0


@given(
    lines=st.lists(
        st.one_of(
            st.sampled_from([line.encode(page) for line in RUSSIAN.splitlines() for page in ("utf-8", "cp1251")]),
            st.binary(max_size=12),
            st.sampled_from([b"plain;1", b"\xef\xbb\xbfa", b"\xef\xbb\xbf", b"\xff\xfe", b"caf\xe9", b"\xe2\x82"]),
        ),
        max_size=30,
    ),
    end=st.sampled_from([b"\n", b"\r\n", b"\r"]),
    size=st.integers(1, 200),
    encoding=st.sampled_from(["utf-8", "cp1251", "cp932", "utf-16-le"]),
)
def test_borders_of_blocks_change_nothing(lines: list[bytes], end: bytes, size: int, encoding: str) -> None:
    data = end.join(lines)
    whole, parts, copy = Decoder(encoding), Decoder(encoding), Decoder(encoding)
    text = whole.text(data, final=True)
    assert read(data, size, parts) == text
    assert parts.wrong == whole.wrong
    blocks = [data[start : start + size] for start in range(0, len(data), size)]
    copied = b"".join([*(copy.utf8(block) for block in blocks), copy.utf8(b"", final=True)])
    assert copied == text.encode()
    assert copy.wrong == whole.wrong


def test_valid_blocks_of_utf8_are_handed_back_untouched() -> None:
    block = RUSSIAN.encode() * 100
    decoder = Decoder("utf-8")
    assert decoder.utf8(b"start\n" + block).startswith(b"start")
    assert decoder.utf8(block) is block
    plain = b"1;2;3\n4;5"
    assert decoder.utf8(plain) is plain
    assert decoder.utf8(b";6\n" + block[:-1], final=True).endswith(block[:-1])
    decoder = Decoder("cp1251")
    assert decoder.utf8(RUSSIAN.encode("cp1251"), final=True) == RUSSIAN.encode()


def test_a_line_without_an_end_is_held_no_longer_than_a_mebibyte() -> None:
    decoder = Decoder("utf-8")
    line = "яж".encode() * (LONGEST_LINE // 2)
    texts = [decoder.text(line[start : start + 65537]) for start in range(0, len(line), 65537)]
    assert any(texts)
    assert "".join([*texts, decoder.text(b"", final=True)]) == line.decode()
    assert decoder.wrong.count == 0


@given(st.binary(max_size=40))
def test_the_fast_check_of_utf8_agrees_with_decoding(data: bytes) -> None:
    try:
        data.decode()
        valid = True
    except UnicodeDecodeError:
        valid = False
    assert is_utf8(data) is valid


def test_vietnamese_tones_are_put_together_again_by_nobody() -> None:
    text = writable(table("vi", "short", 1), "vi")
    assert decode(text.encode("cp1258"), "a.csv").text == text


@pytest.mark.parametrize("language", ["ru", "is", "vi", "ja"])
def test_the_letters_kept_are_what_the_counting_gives(language: str) -> None:
    kept = LETTERS.read_text(encoding="utf-8").splitlines()
    assert letters.line(language) in kept
    assert [line.split("\t")[0] for line in kept] == list(letters.LANGUAGES)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"id,name\n1,x\n3,caf\xe9\n4,\xd1\x82\xd0\xb5\xd1\x81\xd1\x82\n", "id,name\n1,x\n3,café\n4,тест\n"),
        (
            b"a,b\n1,\xc8\xe2\xe0\xed\n2,\xd0\x9f\xd1\x91\xd1\x82\xd1\x80\n3,\xd0\x98\xd1\x8f\n",
            "a,b\n1,Иван\n2,Пётр\n3,Ия\n",
        ),
    ],
)
def test_one_line_in_a_second_encoding_keeps_its_letters(data: bytes, text: str) -> None:
    found = decode(data, "a.csv")
    assert (found.text, found.encoding, found.wrong.other_count, found.replaced) == (text, "utf-8", 1, 0)


@pytest.mark.parametrize("wrong", [b"\xd0", b"\xff\xfe", b"\xc3 \xe2"])
def test_a_damaged_letter_makes_no_second_encoding(wrong: bytes) -> None:
    found = decode("id,имя\n1,тест\n".encode() + b"2," + wrong + b" abc\n", "a.csv")
    assert (found.encoding, found.wrong.other_count) == ("utf-8", 0)
    assert found.replaced


def test_short_words_that_would_be_one_rare_letter_were_not_encoded_twice() -> None:
    assert decode("месяц;v\nянв;1\nфев;2\n".encode(), "a.csv").double is None
    assert decode("a;b\nCafÃ©;1\n".encode(), "a.csv").double is not None
