package suites

import (
	"slices"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/api"
	"github.com/dsconform/dsconform/suites/commandline"
	"github.com/dsconform/dsconform/suites/cost"
	"github.com/dsconform/dsconform/suites/nodes"
	"github.com/dsconform/dsconform/suites/ondelete"
	"github.com/dsconform/dsconform/suites/placement"
	"github.com/dsconform/dsconform/suites/podlife"
	"github.com/dsconform/dsconform/suites/resilience"
	"github.com/dsconform/dsconform/suites/revisions"
	"github.com/dsconform/dsconform/suites/rollout"
	"github.com/dsconform/dsconform/suites/troubleshooting"
	"github.com/dsconform/dsconform/suites/workloads"
)

// All registers the specs of every area.
func All() *framework.Registry {
	registry := &framework.Registry{}
	registry.Add(slices.Concat(
		placement.Specs(), nodes.Specs(), rollout.Specs(), ondelete.Specs(), revisions.Specs(),
		podlife.Specs(), workloads.Specs(), commandline.Specs(), troubleshooting.Specs(), resilience.Specs(), cost.Specs(),
		api.Specs(),
	)...)
	return registry
}
