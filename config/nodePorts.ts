/** The default of kube-apiserver's --service-node-port-range. */
export const nodePorts = { first: 30000, last: 32767 };

/**
 * The part that kube-apiserver doesn't assign automatically while others are free: the first 1/32 of the range, at least 16
 * and at most 128 ports. https://kubernetes.io/docs/concepts/services-networking/service/#avoid-nodeport-collisions
 */
export const staticNodePorts = {
	first: nodePorts.first,
	last: nodePorts.first + Math.min(Math.max(16, Math.floor((nodePorts.last - nodePorts.first + 1) / 32)), 128) - 1,
};
