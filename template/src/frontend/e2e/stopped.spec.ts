import { spawn } from "node:child_process";
import { once } from "node:events";
import { STOP } from "./env";
import { createProject, expect, test } from "./fixtures";

// The browser reports requests for data that failed.
test.use({ expected: /Failed to load resource|Failed to fetch/ });

/** Stop a service of the application; the returned function starts it again. */
async function stop(service: string): Promise<() => Promise<void>> {
  const [program = "", ...options] = STOP;
  // The folder of the project.
  const process = spawn(program, [...options, service], { cwd: "../..", stdio: ["pipe", "pipe", "inherit"] });
  await once(process.stdout, "data");
  return async () => {
    process.stdin.end();
    await once(process, "exit");
  };
}

for (const service of ["projects", "gateway"]) {
  test(`a page comes back automatically after ${service} was stopped`, async ({ home }) => {
    test.skip(STOP.length === 0, "The containers of a stack run on.");
    test.slow();
    await createProject(home, "Salyut");
    const start = await stop(service);
    await home.reload();
    await expect(home.getByRole("heading", { name: "The service is unavailable" })).toBeVisible();
    await start();
    await expect(home.getByRole("heading", { name: "Salyut", level: 1 })).toBeVisible({ timeout: 60_000 });
  });
}
