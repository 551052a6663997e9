/** The pod fields that the restricted Pod Security Standard requires; also without a service account token. */
export const restrictedPodSpec = {
	automountServiceAccountToken: false,
	enableServiceLinks: false,
	securityContext: {
		runAsNonRoot: true,
		runAsUser: 65532,
		runAsGroup: 65532,
		seccompProfile: { type: "RuntimeDefault" },
	},
};

/** The security context that the same standard requires of each container. */
export const restrictedSecurityContext = {
	allowPrivilegeEscalation: false,
	readOnlyRootFilesystem: true,
	capabilities: { drop: ["ALL"] },
};
