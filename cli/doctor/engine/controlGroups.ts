import { existsSync } from "node:fs";
import { release } from "node:os";
import type { Engine } from "../../../toolchain/engine/readEngine.ts";
import type { Finding } from "../finding.ts";

export type ControlGroups = Pick<Engine, "cgroupVersion" | "rootless" | "limitsResources" | "kernel">;

/** This machine's, for an engine that doesn't run yet. */
export const localControlGroups = (): ControlGroups => ({
	// cgroups(7): version 2 has this file at its root.
	cgroupVersion: existsSync("/sys/fs/cgroup/cgroup.controllers") ? 2 : 1,
	rootless: false,
	limitsResources: true,
	kernel: release(),
});

/** Enables version 2. The settings of WSL 2: https://github.com/microsoft/WSL/issues/6662 */
const enableVersion2 = (kernel: string): string =>
	/microsoft/i.test(kernel)
		? 'in PowerShell: Add-Content "$HOME\\.wslconfig" "[wsl2]`nkernelCommandLine=cgroup_no_v1=all"; wsl --shutdown'
		: "boot with the kernel parameter systemd.unified_cgroup_hierarchy=1";

/** https://kind.sigs.k8s.io/docs/user/rootless/ */
const delegate =
	"sudo mkdir -p /etc/systemd/system/user@.service.d && printf '[Service]\\nDelegate=yes\\n' | " +
	"sudo tee /etc/systemd/system/user@.service.d/delegate.conf && sudo systemctl daemon-reload, then log in again";

/** @param ownNodeImage set-up built the node image, from Debian 12 */
export function judgeControlGroups(groups: ControlGroups, ownNodeImage: boolean): Finding {
	const subject = "control groups";
	const { cgroupVersion, rootless, limitsResources, kernel } = groups;
	const found = `cgroup v${cgroupVersion}`;
	// Both stops: pkg/cluster/internal/create/create.go of kind 0.33.
	if (rootless && cgroupVersion === 2 && !limitsResources) {
		const lacking = `${found}, but systemd doesn't delegate the memory, pids and cpu controllers to rootless Docker`;
		return { subject, level: "stop", found: `${lacking}, which kind needs`, fix: delegate };
	}
	if (cgroupVersion === 2) return { subject, level: "ok", found };
	const fix = enableVersion2(kernel);
	if (rootless) return { subject, level: "stop", found: `${found}; kind needs v2 with rootless Docker`, fix };
	if (ownNodeImage) return { subject, level: "ok", found: `${found}, on which the node image from set-up boots` };
	const risk = "systemd in kind's node images from Debian 13 on doesn't boot on it; node images from set-up do";
	return { subject, level: "warning", found: `${found}: ${risk}`, fix };
}
