import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import services from "@pulumi/pulumi/proto/language_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/language_pb.js";
import { afterAll, beforeAll, expect, it } from "vitest";
import { toStruct } from "../../../../../toolchain/substitutes/protocol/properties.ts";
import { builtSubstitute, launch } from "../plugin.ts";

const executable = builtSubstitute("language-nodejs");
const folder = mkdtempSync(join(tmpdir(), "nodeport-lab-language-"));
const start = () => launch(executable(), services.LanguageRuntimeClient, "127.0.0.1:7");
let host: Awaited<ReturnType<typeof start>>;

beforeAll(async () => {
	// Replaces the SDK: it prints how it was run, and exits as its last argument says.
	const runner = join(folder, "node_modules/@pulumi/pulumi/cmd/run");
	mkdirSync(runner, { recursive: true });
	writeFileSync(
		join(runner, "index.js"),
		`const { argv, cwd, env, execArgv } = process;
		const ran = { argv: argv.slice(2), cwd: cwd(), execArgv, config: env.PULUMI_CONFIG, typescript: env.PULUMI_NODEJS_TYPESCRIPT };
		require("node:fs").writeFileSync("run.json", JSON.stringify(ran));
		process.exitCode = Number(argv.at(-1));`,
	);
	host = await start();
});
afterAll(async () => {
	rmSync(folder, { recursive: true });
	expect(await host.stop()).toBe(0);
});

function run(argument: string): Promise<messages.RunResponse> {
	const info = new messages.ProgramInfo().setProgramDirectory(folder).setRootDirectory(folder).setEntryPoint(".");
	info.setOptions(toStruct({ typescript: false, nodeargs: "--no-warnings --import data:text/javascript," }));
	const request = new messages.RunRequest().setInfo(info).setPwd(folder).setMonitorAddress("127.0.0.1:9");
	request
		.setProject("lab")
		.setStack("dev")
		.setOrganization("organization")
		.setParallel(4)
		.setDryrun(true)
		.setArgsList([argument]);
	request.getConfigMap().set("lab:workers", "3");
	return host.call<messages.RunRequest, messages.RunResponse>(host.client.run, request);
}

it("runs the program with its own SDK, which can reach the engine", async () => {
	const response = await run("0");
	expect(response.toObject()).toEqual({ error: "", bail: false });
	const ran = JSON.parse(readFileSync(join(folder, "run.json"), "utf8"));
	expect(ran).toMatchObject({
		cwd: folder,
		execArgv: ["--no-warnings", "--import", "data:text/javascript,"],
		config: '{"lab:workers":"3"}',
		typescript: "false",
	});
	expect(ran.argv.join(" ")).toBe(
		`--monitor 127.0.0.1:9 --engine 127.0.0.1:7 --organization organization --project lab --stack dev ` +
			`--root-directory ${folder} --pwd ${folder} --parallel 4 --dry-run . 0`,
	);
});

it("doesn't repeat an error that the program has reported", async () => {
	expect((await run("32")).toObject()).toEqual({ error: "", bail: true });
});

it("reports the exit code of a program that reported nothing", async () => {
	expect((await run("7")).toObject()).toEqual({ error: "the program failed: exit code 7", bail: false });
});
