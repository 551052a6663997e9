import { ApiException, type KubernetesObject, KubernetesObjectApi } from "@kubernetes/client-node";
import pWaitFor from "p-wait-for";
import { withApiError } from "../../kubernetes/apiErrors.ts";
import { type Access, loadAccess } from "../../kubernetes/kubeAccess.ts";

type Named = KubernetesObject & { metadata: { name: string; namespace?: string } };

const isNotFound = (error: unknown): boolean => error instanceof ApiException && error.code === 404;

/** Deletes an object of a cluster and waits until it is gone, at most 60 s. Succeeds if there is none. */
export async function removeObject(access: Access, { apiVersion, kind, metadata }: Named): Promise<void> {
	const api = KubernetesObjectApi.makeApiClient(loadAccess(access));
	const { name, namespace = "default" } = metadata;
	const object = { apiVersion, kind, metadata: { name, namespace } } as Named;
	const isGone = (error: unknown): boolean => {
		if (isNotFound(error)) return true;
		throw error;
	};
	const what = `${kind} ${namespace}/${name}`;
	const remove = api.delete(object, undefined, undefined, undefined, undefined, "Background").then(() => false, isGone);
	if (await withApiError(what, remove)) return;
	await pWaitFor(
		() =>
			withApiError(
				what,
				api.read(object).then(() => false, isGone),
			),
		{
			interval: 500,
			timeout: { milliseconds: 60_000, message: `${what} isn't gone 60 s after its deletion` },
		},
	);
}
