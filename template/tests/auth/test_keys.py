import httpx
import jwt

from tests.support.people import Person


async def test_the_published_key_verifies_access_tokens(auth: httpx.AsyncClient, person: Person) -> None:
    answer = await auth.get("/.well-known/jwks.json")
    (key,) = answer.json()["keys"]
    assert "d" not in key
    claims = jwt.decode(person.access_token, jwt.PyJWK(key).key, algorithms=["EdDSA"], audience="api", issuer="auth")
    assert claims["sub"] == person.id
    assert jwt.get_unverified_header(person.access_token)["kid"] == key["kid"]
