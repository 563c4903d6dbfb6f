// Command pulumi-resource-docker serves the Docker Terraform provider to the Pulumi engine.
//
// It stands in for the published pulumi-docker 5.2.0 plugin where that download is unreachable:
// same tokens, same property names (both come from the Pulumi Terraform bridge), so a stack
// created with one is a stack the other can update.
package main

import (
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"github.com/terraform-providers/terraform-provider-docker/internal/provider"
)

const version = "5.2.0"

// Resource tokens as the published Python SDK spells them.
var resources = map[string]string{
	"docker_config":         "ServiceConfig",
	"docker_container":      "Container",
	"docker_image":          "RemoteImage",
	"docker_network":        "Network",
	"docker_plugin":         "Plugin",
	"docker_registry_image": "RegistryImage",
	"docker_secret":         "Secret",
	"docker_service":        "Service",
	"docker_tag":            "Tag",
	"docker_volume":         "Volume",
}

func resourceInfo(class string) *tfbridge.ResourceInfo {
	return &tfbridge.ResourceInfo{
		Tok: tfbridge.MakeResource("docker", "index", class),
		// Two containers cannot hold one published port, so the old one goes first.
		DeleteBeforeReplace: class == "Container",
	}
}

func providerInfo() tfbridge.ProviderInfo {
	info := tfbridge.ProviderInfo{
		P:         shimv2.NewProvider(provider.New(version)()),
		Name:      "docker",
		Version:   version,
		Resources: map[string]*tfbridge.ResourceInfo{},
		IgnoreMappings: []string{
			"docker_buildx_builder", "docker_image", "docker_logs", "docker_network", "docker_plugin",
			"docker_registry_image", "docker_registry_image_manifests",
		},
	}
	for name, class := range resources {
		info.Resources[name] = resourceInfo(class)
	}
	info.SetAutonaming(255, "-")
	return info
}

func main() {
	tfbridge.Main("docker", version, providerInfo(), []byte("{}"))
}
