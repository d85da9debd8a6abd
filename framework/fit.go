package framework

import (
	"fmt"
	"slices"

	"github.com/Masterminds/semver/v3"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/framework/faults"
	"github.com/dsconform/dsconform/framework/subject"
)

// Unfit tells why the cluster, with the controller under test, cannot be judged
// by the spec, empty if it can, and whether that is because the behaviour is not
// of the version that is judged.
func Unfit(spec Spec, cluster clusters.Cluster, settings Settings) (why string, version bool) {
	if spec.Versions != "" && !slices.Contains(settings.Whatever, spec.ID) {
		judged := settings.JudgedVersion()
		judges, err := Applies(spec.Versions, judged)
		if err != nil {
			return err.Error(), false
		}
		if !judges {
			return fmt.Sprintf("it judges Kubernetes %s, and this is %s", spec.Versions, judged), true
		}
	}
	for _, need := range spec.Needs {
		if !able(cluster, settings.Subject, need) {
			return fmt.Sprintf("it needs %s, which %s does not have%s", need, owner(cluster, settings.Subject, need), hint(need)), false
		}
	}
	return "", false
}

// Applies tells whether a version, as v1.37.2 or 1.37, is one that the
// constraint allows. An empty constraint allows every version.
func Applies(constraint, version string) (bool, error) {
	v, err := semver.NewVersion(version)
	if err != nil {
		return false, fmt.Errorf("the version %q cannot be compared with %q: %w", version, constraint, err)
	}
	if constraint == "" {
		return true, nil
	}
	c, err := semver.NewConstraint(constraint)
	if err != nil {
		return false, fmt.Errorf("the version constraint %q is no constraint: %w", constraint, err)
	}
	return c.Check(v), nil
}

func able(c clusters.Cluster, s subject.Handle, a Ability) bool {
	ok := false
	switch a {
	case AddNode:
		_, ok = c.(clusters.NodeAdder)
	case RemoveNode:
		_, ok = c.(clusters.NodeRemover)
	case StopKubelet:
		_, ok = c.(clusters.KubeletStopper)
	case PauseNode:
		_, ok = c.(clusters.NodePauser)
	case RebootNode:
		_, ok = c.(clusters.NodeRebooter)
	case ExecOnNode:
		_, ok = c.(clusters.NodeExecer)
	case RealKubelet:
		ok = c.RealKubelets()
	case SimulatedKubelet:
		ok = !c.RealKubelets()
	case ReadAudit:
		_, ok = c.(clusters.AuditReader)
	case RestartController:
		_, ok = controller(c, s).(clusters.ControllerRestarter)
	case KillController:
		_, ok = controller(c, s).(clusters.ControllerKiller)
	case PauseController:
		_, ok = controller(c, s).(clusters.ControllerPauser)
	case ElectLeader:
		_, ok = controller(c, s).(clusters.ControllerElecter)
	case InjectFaults:
		_, ok = controller(c, s).(faults.Injector)
	}
	return ok
}

// controller is whatever can act on the controller's process: the subject, if
// the run started one, else the cluster.
func controller(c clusters.Cluster, s subject.Handle) any {
	if s.Kind == subject.Own {
		return c
	}
	return s.Open(c.RESTConfig)
}

// owner names who would have to have the ability.
func owner(c clusters.Cluster, s subject.Handle, a Ability) string {
	if a.onController() && s.Kind != subject.Own {
		return "a subject given as " + string(s.Kind)
	}
	return "provider " + c.Provider()
}

// hint says how an ability is to be had.
func hint(a Ability) string {
	switch a {
	case InjectFaults:
		return ": only a program given by --subject has it, with --faults"
	case ElectLeader:
		return ": only a program given by --subject has it, a release's or one of which --leader-election says that it elects"
	default:
		return ""
	}
}

// onController tells whether the ability is one to act on the controller's
// process, or on its way to the API server.
func (a Ability) onController() bool {
	return a == RestartController || a == KillController || a == PauseController || a == ElectLeader || a == InjectFaults
}
