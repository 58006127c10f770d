import httpx
import jwt

from tests.support.users import User


async def test_published_key_verifies_access_tokens(auth: httpx.AsyncClient, user: User) -> None:
    response = await auth.get("/.well-known/jwks.json")
    (key,) = response.json()["keys"]
    assert "d" not in key
    claims = jwt.decode(user.access_token, jwt.PyJWK(key).key, algorithms=["EdDSA"], audience="api", issuer="auth")
    assert claims["sub"] == user.id
    assert jwt.get_unverified_header(user.access_token)["kid"] == key["kid"]
