import pytest

from packhouse.web.negotiation import choose_media_type, read_media_type

OFFERED = ("application/json", "text/html")


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, "application/json"),
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/html", "text/html"),
        ("TEXT/HTML; charset=utf-8", "text/html"),
        ("text/*", "text/html"),
        ("text/html;q=0.5, application/json;q=0.4", "text/html"),
        ("*/*, text/html", "text/html"),
        ("text/html;q=0, */*", "application/json"),
        ("application/json;q=0, */*", "text/html"),
        ("application/json;q=nonsense", None),
        ("image/png", None),
        (",,;", None),
        (" , ,", "application/json"),
    ],
)
def test_choice(accept: str | None, chosen: str | None) -> None:
    assert choose_media_type(accept, OFFERED) == chosen


def test_a_media_type_and_its_parameters() -> None:
    media = read_media_type(' Application/JSON ; Charset="UTF-8" ; q=0.5')
    assert (media.name, media.parameters) == ("application/json", {"charset": "utf-8", "q": "0.5"})
    assert media.weight == 0.5
