// The official Kubernetes provider as a plugin, built for the tests where Pulumi's download is unreachable.
package main

import (
	"fmt"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
)

// Set by the linker: the version of the npm package @pulumi/kubernetes.
var version string

func main() {
	// The lab's programs don't ask for the schema of the resources, so its 17 MB stay out.
	schema := fmt.Sprintf(`{"name":"kubernetes","version":%q}`, version)
	provider.Serve("kubernetes", version, []byte(schema), []byte("{}"))
}
