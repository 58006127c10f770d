import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, connect, type AddressInfo, type Server, type Socket } from "node:net";
import { GATEWAY_URL, SERVER } from "./env";
import { test as base } from "./fixtures";

/** A frontend of the test's own, whose connection to the gateway the test can cut. */
export class OwnSite {
  private readonly sockets = new Set<Socket>();
  private link: Server | undefined;
  private linkPort = 0;
  private server: ChildProcess | undefined;
  url = "";

  /** Start the server that `npm run build` made, with more settings. */
  async start(settings: Record<string, string> = {}) {
    await this.connectGateway();
    const port = await freePort();
    this.url = `http://127.0.0.1:${port}`;
    this.server = spawn(process.execPath, [SERVER], {
      env: {
        NODE_ENV: "production",
        PORT: String(port),
        HOSTNAME: "127.0.0.1",
        GATEWAY_URL: `http://127.0.0.1:${this.linkPort}`,
        ...settings,
      },
      stdio: "ignore",
    });
    while (!(await this.responds())) await new Promise((resolve) => setTimeout(resolve, 50));
  }

  async connectGateway() {
    const { hostname, port } = new URL(GATEWAY_URL);
    this.link = createServer((client) => {
      const gateway = connect(Number(port), hostname);
      for (const socket of [client, gateway]) {
        this.sockets.add(socket);
        socket.on("error", () => {
          client.destroy();
          gateway.destroy();
        });
        socket.on("close", () => this.sockets.delete(socket));
      }
      client.pipe(gateway).pipe(client);
    }).listen(this.linkPort, "127.0.0.1");
    await once(this.link, "listening");
    this.linkPort = (this.link.address() as AddressInfo).port;
  }

  async cutGateway() {
    const { link } = this;
    if (!link) return;
    this.link = undefined;
    const closed = once(link, "close");
    link.close();
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  async stop() {
    if (this.server?.exitCode === null) {
      const ended = once(this.server, "exit");
      this.server.kill();
      await ended;
    }
    await this.cutGateway();
  }

  private async responds(): Promise<boolean> {
    if (this.server?.exitCode !== null) throw new Error(`${SERVER} has exited; run: npm run build`);
    try {
      return (await fetch(`${this.url}/health`)).ok;
    } catch {
      return false;
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

export const test = base.extend<{ site: OwnSite }>({
  site: async ({}, provide) => {
    const site = new OwnSite();
    await site.start();
    await provide(site);
    await site.stop();
  },
  baseURL: async ({ site }, provide) => {
    await provide(site.url);
  },
});
