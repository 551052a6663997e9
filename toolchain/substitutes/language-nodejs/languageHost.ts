/** The built-in substitute for Pulumi's Node.js language host: the calls of pulumirpc.LanguageRuntime that run programs. */
import { createRequire } from "node:module";
import { join } from "node:path";
import sdk from "@pulumi/pulumi/package.json" with { type: "json" };
import services from "@pulumi/pulumi/proto/language_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/language_pb.js";
import plugin from "@pulumi/pulumi/proto/plugin_pb.js";
import { type ExecaError, execa } from "execa";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import { fromStruct } from "../protocol/properties.ts";
import { EngineLog, engineAddress, serve, unary } from "../protocol/serve.ts";
import { requiredPlugins } from "../requiredPlugins.ts";

/** The SDK's exit code if it has reported the error: cmd/run/index.js of @pulumi/pulumi. */
const alreadyReported = 32;

const ending = new AbortController();

/** The command line of the SDK's own runner. */
function runnerArguments(request: messages.RunRequest, info: messages.ProgramInfo): string[] {
	const directory = info.getProgramDirectory();
	const runner = createRequire(join(directory, "program.js")).resolve("@pulumi/pulumi/cmd/run");
	const nodeArguments = fromStruct(info.getOptions()).nodeargs ?? "";
	return [
		...String(nodeArguments).split(/\s+/).filter(Boolean),
		runner,
		...["--monitor", request.getMonitorAddress(), "--engine", engineAddress],
		...["--organization", request.getOrganization(), "--project", request.getProject()],
		...["--stack", request.getStack(), "--root-directory", info.getRootDirectory()],
		...["--pwd", request.getPwd(), "--parallel", String(request.getParallel())],
		...(request.getDryrun() ? ["--dry-run"] : []),
		info.getEntryPoint(),
		...request.getArgsList(),
	];
}

async function run(request: messages.RunRequest): Promise<messages.RunResponse> {
	const info = request.getInfo() ?? new messages.ProgramInfo();
	const options = fromStruct(info.getOptions());
	const result = await execa(process.execPath, runnerArguments(request, info), {
		cwd: info.getProgramDirectory(),
		reject: false,
		cancelSignal: ending.signal,
		// The engine shows the program's output like a plugin's own.
		stdio: ["ignore", "inherit", "inherit"],
		env: {
			PULUMI_CONFIG: JSON.stringify(Object.fromEntries(request.getConfigMap().toArray())),
			PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
			PULUMI_NODEJS_TYPESCRIPT: String(options.typescript !== false),
		},
	});
	const response = new messages.RunResponse();
	if (!result.failed) return response;
	if (result.exitCode === alreadyReported) return response.setBail(true);
	return response.setError(`the program failed: ${(result as ExecaError).originalMessage ?? exitText(result)}`);
}

const exitText = ({ exitCode, signal }: { exitCode?: number; signal?: string }) =>
	signal === undefined ? `exit code ${exitCode}` : `it was ended by ${signal}`;

function packages(directory: string): plugin.PackageDependency[] {
	return requiredPlugins(directory).map(({ name, version }) =>
		new plugin.PackageDependency().setKind("resource").setName(name).setVersion(`v${version}`),
	);
}

const implementation = {
	handshake: unary(() => new messages.LanguageHandshakeResponse()),
	getPluginInfo: unary(() => new plugin.PluginInfo().setVersion(sdk.version)),
	getRequiredPackages: unary((request: messages.GetRequiredPackagesRequest) =>
		new messages.GetRequiredPackagesResponse().setPackagesList(
			packages(request.getInfo()?.getProgramDirectory() ?? process.cwd()),
		),
	),
	run: unary(run),
	about: unary(() => new messages.AboutResponse().setExecutable(process.execPath).setVersion(process.version)),
	cancel: unary(() => new empty.Empty()),
};

void serve(services.LanguageRuntimeService, implementation, new EngineLog(), async () => ending.abort());
