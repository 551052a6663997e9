/** .toolchain/env: a shell file with which the user's own `pulumi`, `kind` and `kubectl` commands use the lab. */
import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { writeAtomically } from "../../lib/atomicFile.ts";
import { shellText } from "../../lib/shell.ts";
import { layout } from "../layout.ts";

export interface Environment {
	/** The folder with the tools. */
	bin: string;
	kubeconfig: string;
	/** kubectl's cache; its default is in ~/.kube. */
	kubeCache: string;
	/** Absent if the user's own has all plugins. */
	pulumiHome?: string;
}

/** Puts an entry before those of a list that `:` divides, unless it is in it: sourcing the file again changes nothing. */
const first = (variable: string, entry: string): string => `case ":\${${variable}-}:" in
*:${shellText(entry)}:*) ;;
*) export ${variable}=${shellText(entry)}"\${${variable}:+:$${variable}}" ;;
esac`;

/** Pulumi reads the path in Pulumi.yaml's backend as part of a URL, where these characters have another meaning. */
const backend = (state: string): string =>
	/[%#?]/.test(state)
		? `[ -n "\${PULUMI_BACKEND_URL+set}" ] || export PULUMI_BACKEND_URL=${shellText(pathToFileURL(state).href)}\n`
		: "";

/** The file's text: POSIX shell, for any shell that can source such a file, from any folder, any number of times. */
export function environmentText(
	{ bin, kubeconfig, kubeCache, pulumiHome }: Environment,
	state: string = layout.state,
): string {
	return `# Written by set-up. In a shell: . .toolchain/env
# The lab's tools and cluster come first, yours follow.
${first("PATH", bin)}
${first("KUBECONFIG", kubeconfig)}
${pulumiHome === undefined ? "" : `# Your own Pulumi home lacks plugins of the versions that the lab needs.\nexport PULUMI_HOME=${shellText(pulumiHome)}\n`}
# Pulumi's SDK (grpc-js) sends even loopback connections to the proxy unless no_proxy lists them.
if [ -n "\${grpc_proxy-}\${https_proxy-}\${http_proxy-}" ]; then
	: "\${no_proxy:=\${NO_PROXY-}}"
	case ",$no_proxy," in
	*,127.0.0.1,*) ;;
	*) export no_proxy="localhost,127.0.0.1\${no_proxy:+,$no_proxy}" ;;
	esac
fi
# Variables that you set yourself stay.
[ -n "\${KUBECACHEDIR+set}" ] || export KUBECACHEDIR=${shellText(kubeCache)}
${backend(state)}export PULUMI_STACK="\${PULUMI_STACK-dev}"
export PULUMI_SKIP_UPDATE_CHECK="\${PULUMI_SKIP_UPDATE_CHECK-true}"
# The lab's secrets need no passphrase: see the README.
[ -n "\${PULUMI_CONFIG_PASSPHRASE_FILE+set}" ] || export PULUMI_CONFIG_PASSPHRASE="\${PULUMI_CONFIG_PASSPHRASE-}"
`;
}

/** Replaces the file at once, so that a shell never reads half of it. */
export async function writeEnvironment(environment: Environment, file = layout.environment): Promise<void> {
	const text = environmentText(environment);
	if ((await readFile(file, "utf8").catch(() => "")) === text) return;
	await writeAtomically(file, text);
}
