// The language client: starts `lyo lsp`, and restarts it when its command changes.

import { execFile } from "node:child_process";
import { commands, type ExtensionContext, type OutputChannel, Uri, ViewColumn, window, workspace } from "vscode";
import { LanguageClient, type LanguageClientOptions, type ServerOptions } from "vscode-languageclient/node";
import { locate } from "./locate";

const SECTION = "lyo";
/** The settings that the server knows. */
const SETTINGS = ["python", "nonStrict", "inlayHints", "codeLens"];

let client: LanguageClient | undefined;
/** Starting and stopping, one after the other. */
let turn: Promise<void> = Promise.resolve();

export async function activate(context: ExtensionContext): Promise<void> {
  const log = window.createOutputChannel("Lyo");
  context.subscriptions.push(
    log,
    commands.registerCommand("lyo.restart", () => restart(log)),
    commands.registerCommand("lyo.showLog", () => log.show()),
    commands.registerCommand("lyo.explain", () => explain()),
    workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("lyo.path")) void restart(log);
    }),
  );
  await restart(log);
}

export async function deactivate(): Promise<void> {
  await inTurn(stop);
}

function restart(log: OutputChannel): Promise<void> {
  return inTurn(async () => {
    await stop();
    await start(log);
  });
}

function inTurn(action: () => Promise<void>): Promise<void> {
  turn = turn.then(action, action);
  return turn;
}

async function stop(): Promise<void> {
  const stopped = client;
  client = undefined;
  await stopped?.dispose();
}

function command(): string | undefined {
  const folders = (workspace.workspaceFolders ?? []).filter((folder) => folder.uri.scheme === "file").map((folder) => folder.uri.fsPath);
  return locate(workspace.getConfiguration(SECTION).get<string>("path", ""), folders, process.env);
}

async function start(log: OutputChannel): Promise<void> {
  const path = command();
  if (path === undefined) {
    void complain("Lyo: there is no command `lyo`, neither in the workspace's environment nor on PATH. Install it there (`pip install .` in Lyo's sources), or set `lyo.path`.");
    return;
  }
  const server: ServerOptions = { command: path, args: ["lsp"] };
  const options: LanguageClientOptions = {
    documentSelector: [
      { scheme: "file", language: "python" },
      { scheme: "untitled", language: "python" },
    ],
    initializationOptions: settings(),
    outputChannel: log,
    synchronize: { configurationSection: SECTION },
  };
  const started = new LanguageClient(SECTION, "Lyo", server, options);
  client = started;
  try {
    await started.start();
  } catch (error) {
    client = undefined;
    void complain(`Lyo: ${path} lsp could not be started: ${String(error)}`);
  }
}

function settings(): Record<string, unknown> {
  const configured = workspace.getConfiguration(SECTION);
  return Object.fromEntries(SETTINGS.map((name) => [name, configured.get(name)]));
}

async function complain(message: string): Promise<void> {
  const choice = await window.showErrorMessage(message, "Open Settings");
  if (choice !== undefined) await commands.executeCommand("workbench.action.openSettings", "lyo.path");
}

/** What `lyo explain` says of the file in the active editor, beside it. */
async function explain(): Promise<void> {
  const document = window.activeTextEditor?.document;
  const path = command();
  if (document === undefined || document.uri.scheme !== "file" || path === undefined) return;
  const folder = workspace.getWorkspaceFolder(document.uri)?.uri.fsPath;
  const python = workspace.getConfiguration(SECTION).get<string | null>("python", null);
  const places = [document.uri.fsPath, folder ?? Uri.joinPath(document.uri, "..").fsPath];
  const args = ["explain", "--color", "never", ...places, ...(python === null ? [] : ["--python", python])];
  const told = await new Promise<string>((resolve) => {
    execFile(path, args, { cwd: folder, maxBuffer: 1 << 26 }, (_error, output, errors) => resolve(output !== "" ? output : errors));
  });
  const shown = await workspace.openTextDocument({ content: told, language: "plaintext" });
  await window.showTextDocument(shown, { preview: true, viewColumn: ViewColumn.Beside });
}
