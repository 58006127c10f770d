"""Health probe of a container: `python -m shared.probe PORT` checks the readiness of the service on that port."""

import http.client
import sys

HOST = "127.0.0.1"
PATH = "/health/detailed"
TIMEOUT_SECONDS = 4.0


def main() -> None:
    """Print the response of the service; the exit code is 0 if it is ready, else 1."""
    if len(sys.argv) != 2 or not sys.argv[1].isdecimal():
        sys.exit("usage: python -m shared.probe PORT")
    ready, output = probe(int(sys.argv[1]))
    sys.stdout.write(f"{output}\n")
    sys.exit(not ready)


def probe(port: int) -> tuple[bool, str]:
    """Whether the service on this port is ready, and its response or the connection error."""
    connection = http.client.HTTPConnection(HOST, port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", PATH)
        response = connection.getresponse()
        return response.status == http.client.OK, response.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return False, f"no response on port {port}: {str(error) or type(error).__name__}"
    finally:
        connection.close()


if __name__ == "__main__":
    main()
