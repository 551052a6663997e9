/** What the machine allows: control groups, capabilities, inotify. */
import { existsSync } from "node:fs";
import { capabilityAdvice } from "../../toolchain/engine/capabilities.ts";
import {
	inotifyAdvice,
	labInstances,
	labWatches,
	wantedInstances,
	wantedWatches,
	watchesFix,
} from "../../toolchain/engine/inotify.ts";
import type { Engine } from "../../toolchain/engine/readEngine.ts";
import type { Finding } from "./finding.ts";

export type ControlGroups = Pick<Engine, "cgroupVersion" | "rootless">;

/** Those of this machine, for an engine that does not answer yet. */
export const ownControlGroups = (): ControlGroups => ({
	// cgroups(7): version 2 has this file at its root.
	cgroupVersion: existsSync("/sys/fs/cgroup/cgroup.controllers") ? 2 : 1,
	rootless: false,
});

/** @param ownNodeImage whether the node image is one that set-up has built, on Debian 12 */
export function judgeControlGroups({ cgroupVersion, rootless }: ControlGroups, ownNodeImage: boolean): Finding {
	const subject = "control groups";
	const found = `cgroup version ${cgroupVersion}`;
	const fix = "boot with the kernel parameter systemd.unified_cgroup_hierarchy=1";
	if (cgroupVersion === 2) return { subject, level: "ok", found };
	// pkg/cluster/internal/create/create.go of kind 0.33.
	if (rootless) return { subject, level: "stop", found: `${found}; kind needs version 2 on a rootless engine`, fix };
	if (ownNodeImage) return { subject, level: "ok", found: `${found}, on which the node image that set-up built boots` };
	const doubt = "a node image that set-up builds boots on it; the systemd in kind's own, from Debian 13 on, refuses it";
	return { subject, level: "warning", found: `${found}: ${doubt}`, fix };
}

/**
 * @param engine undefined: set-up will start it, with the runtime that heeds what is missing
 * @param lacking whether root lacks a capability
 */
export function judgeCapabilities(engine: Engine | undefined, lacking: boolean): Finding {
	const subject = "capabilities";
	const advice = engine && capabilityAdvice(engine, lacking);
	if (advice) return { subject, level: "warning", ...advice };
	if (engine && !engine.here) return { subject, level: "ok", found: "those of the engine's own machine" };
	const heeded = `root lacks some; the engine ${engine ? "runs" : "will run"} containers with those that there are`;
	return { subject, level: "ok", found: lacking ? heeded : "root has all that the kernel knows" };
}

/** @param raises whether set-up will raise the limit, as it does where it starts the engine */
export function judgeInotify(allowed: number, workers: number, raises: boolean): Finding {
	const subject = "inotify";
	const advice = inotifyAdvice(allowed);
	const needed = labInstances(workers);
	if (!advice) return { subject, level: "ok", found: `${allowed} instances a user; the lab takes ${needed}` };
	if (raises) {
		const found = `${allowed} instances a user; set-up raises that to ${wantedInstances} until the next boot`;
		return { subject, level: "ok", found };
	}
	if (allowed >= needed) return { subject, level: "warning", ...advice };
	const found = `${allowed} instances a user; a cluster with ${workers} workers takes ${needed}, and nodes fail without`;
	return { subject, level: "stop", found, fix: advice.fix };
}

/** @param allowed how many watches a user may have */
export function judgeWatches(allowed: number, workers: number): Finding {
	const subject = "inotify";
	const needed = labWatches(workers);
	const found = `${allowed} watches a user; a cluster with ${workers} workers takes ${needed}`;
	if (allowed < needed) return { subject, level: "stop", found: `${found}, and nodes fail without`, fix: watchesFix() };
	if (allowed >= wantedWatches) return { subject, level: "ok", found };
	return { subject, level: "warning", found: `${found}, and other programs take some too`, fix: watchesFix() };
}
