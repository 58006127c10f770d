"""Entry point of the gateway."""

from gateway.app import create_app
from gateway.settings import GatewaySettings
from shared.server import check_port, run
from shared.settings import load

if __name__ == "__main__":
    settings = load(GatewaySettings)
    if settings.gateway_metrics_port:
        check_port(settings.host, settings.gateway_metrics_port)
    run("gateway", create_app(settings), settings, settings.gateway_port, unlimited=settings.trusted_proxies)
