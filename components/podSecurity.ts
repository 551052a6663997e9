/** What the restricted Pod Security Standard asks of a pod and of each container, and no token where none is used. */
export const restrictedPod = {
	automountServiceAccountToken: false,
	enableServiceLinks: false,
	securityContext: {
		runAsNonRoot: true,
		runAsUser: 65532,
		runAsGroup: 65532,
		seccompProfile: { type: "RuntimeDefault" },
	},
};

export const restrictedContainer = {
	allowPrivilegeEscalation: false,
	readOnlyRootFilesystem: true,
	capabilities: { drop: ["ALL"] },
};
