package clusters

import (
	"slices"
	"strings"

	"github.com/dsconform/dsconform/internal/exit"
)

// ControllersFlag gives the value of kube-controller-manager's --controllers
// for a wish such as "*,-daemonset-controller". The controllers named by always
// are on unless the wish names them. A wish that cannot be read is of class Usage.
func ControllersFlag(wish string, always ...string) (string, error) {
	var list []string
	for part := range strings.SplitSeq(wish, ",") {
		part = strings.TrimSpace(part)
		if strings.TrimPrefix(part, "-") == "" || strings.ContainsAny(part, " \t\"'\n") {
			return "", exit.Usagef("--controllers %q cannot be read: it is a list such as *,-daemonset-controller", wish)
		}
		list = append(list, part)
	}
	for _, name := range always {
		if !slices.Contains(list, name) && !slices.Contains(list, "-"+name) {
			list = append(list, name)
		}
	}
	return strings.Join(list, ","), nil
}
