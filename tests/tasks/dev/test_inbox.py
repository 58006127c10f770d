import pytest

from tasks.core.errors import UserError
from tasks.dev import inbox


def test_token_is_that_of_the_newest_link() -> None:
    mails: list[dict[str, list[str]]] = [
        {"links": []},
        {"links": ["https://example.com/a", "https://example.com/b?token=new"]},
    ]
    assert inbox.token([*mails, {"links": ["https://example.com/b?token=old"]}]) == "new"
    with pytest.raises(UserError, match="No mail with a link"):
        inbox.token(mails[:1])


def test_path_has_the_encoded_address() -> None:
    assert inbox.path("a+b@example.org", 2) == "/inbox/messages?to=a%2Bb%40example.org&number=2&wait=25"
