"""Asks the service in the same container whether it is ready: `python -m shared.probe PORT`."""

import http.client
import sys

HOST = "127.0.0.1"
PATH = "/health/detailed"
TIMEOUT_SECONDS = 4.0


def main() -> None:
    """Print what the service answers, and end with 1 unless it is ready."""
    if len(sys.argv) != 2 or not sys.argv[1].isdecimal():
        sys.exit("usage: python -m shared.probe PORT")
    ready, words = ask(int(sys.argv[1]))
    sys.stdout.write(f"{words}\n")
    sys.exit(not ready)


def ask(port: int) -> tuple[bool, str]:
    """Whether the service on this port is ready, and its own words about what is not."""
    connection = http.client.HTTPConnection(HOST, port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", PATH)
        answer = connection.getresponse()
        return answer.status == http.client.OK, answer.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return False, f"no answer on port {port}: {str(error) or type(error).__name__}"
    finally:
        connection.close()


if __name__ == "__main__":
    main()
