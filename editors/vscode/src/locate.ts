// Finding the command `lyo`.

import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, join, resolve } from "node:path";

const EXECUTABLE = process.platform === "win32" ? "lyo.exe" : "lyo";
const SCRIPTS = process.platform === "win32" ? "Scripts" : "bin";

/** The command to start: what the user set, else what the workspace's environment has, else what is on `PATH`. */
export function locate(configured: string, folders: string[], environment: NodeJS.ProcessEnv): string | undefined {
  if (configured !== "") {
    const candidates = isAbsolute(configured) || !/[\\/]/.test(configured) ? [configured] : folders.map((folder) => resolve(folder, configured));
    return candidates.find(isExecutable) ?? onPath(configured, environment);
  }
  const environments = [environment["VIRTUAL_ENV"], ...folders.map((folder) => join(folder, ".venv"))];
  for (const folder of environments) {
    if (folder !== undefined && folder !== "") {
      const candidate = join(folder, SCRIPTS, EXECUTABLE);
      if (isExecutable(candidate)) return candidate;
    }
  }
  return onPath(EXECUTABLE, environment);
}

function onPath(name: string, environment: NodeJS.ProcessEnv): string | undefined {
  if (/[\\/]/.test(name)) return undefined;
  const folders = (environment["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
