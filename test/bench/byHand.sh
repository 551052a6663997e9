#!/bin/sh
# The walkthrough as a script: creates a cluster, loads the images, deploys, calls every node, prints the rules.
# Variables: CLUSTER, NODE_IMAGE, ECHO_IMAGE, DNSUTILS_IMAGE; kind writes to KUBECONFIG.
set -eu

# The walkthrough's cluster. From 1.35 on, a kubelet needs failCgroupV1 on cgroup v1.
kind create cluster --name "$CLUSTER" --image "$NODE_IMAGE" --config - <<-END
	kind: Cluster
	apiVersion: kind.x-k8s.io/v1alpha4
	nodes: [{role: control-plane}, {role: worker}, {role: worker}, {role: worker}]
	kubeadmConfigPatches:
	  - |
	    kind: KubeletConfiguration
	    failCgroupV1: false
END

# Only on the nodes that run them.
kind load docker-image "$ECHO_IMAGE" --name "$CLUSTER" --nodes "$CLUSTER-worker"
kind load docker-image "$DNSUTILS_IMAGE" --name "$CLUSTER" --nodes "$CLUSTER-worker3"

kubectl wait nodes --all --for=condition=Ready --timeout=180s
kubectl get nodes --show-labels
kubectl apply -f - <<-END
	apiVersion: apps/v1
	kind: Deployment
	metadata: {name: app1}
	spec:
	  selector: {matchLabels: {app: app1}}
	  template:
	    metadata: {labels: {app: app1}}
	    spec:
	      nodeSelector: {kubernetes.io/hostname: $CLUSTER-worker}
	      containers:
	        - name: echo
	          image: $ECHO_IMAGE
	          env:
	            - {name: PORT, value: "8080"}
	            - {name: NODE_NAME, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
	            - {name: POD_IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
	---
	apiVersion: v1
	kind: Service
	metadata: {name: nodeport-service}
	spec:
	  type: NodePort
	  selector: {app: app1}
	  ports: [{name: echo, port: 8080, targetPort: 8080, nodePort: 30040}]
	---
	apiVersion: v1
	kind: Pod
	metadata: {name: dnsutils}
	spec:
	  nodeSelector: {kubernetes.io/hostname: $CLUSTER-worker3}
	  terminationGracePeriodSeconds: 1
	  containers: [{name: dnsutils, image: $DNSUTILS_IMAGE, command: [/usr/local/bin/idle]}]
END
kubectl wait deployment/app1 --for=condition=Available --timeout=180s
kubectl wait pod/dnsutils --for=condition=Ready --timeout=180s
kubectl get nodes -o wide

# A node may get its rules a moment after the pod is ready.
call() {
	for try in 1 2 3 4 5 6 7 8 9 10; do
		kubectl exec dnsutils -- wget -q -T 3 -O- "http://$1/host" && return
		sleep 1
	done
	return 1
}
for node in $(kubectl get nodes -o 'jsonpath={.items[*].status.addresses[?(@.type=="InternalIP")].address}'); do
	call "$node:30040"
done
call "$(kubectl get pods -l app=app1 -o 'jsonpath={.items[0].status.podIP}'):8080"
call nodeport-service.default.svc.cluster.local:8080

# On every node, the rules that name the Service; on one node, the chains that they jump to.
for node in control-plane worker worker2 worker3; do
	docker exec "$CLUSTER-$node" iptables-save -t nat | grep nodeport-service
done
docker exec "$CLUSTER-worker3" iptables -t nat -L KUBE-SVC-SR75RJIBNEHN2H65
docker exec "$CLUSTER-worker3" iptables -t nat -L | grep -A 3 '^Chain KUBE-SEP-'
