package kubectl

import (
	"runtime/debug"
	"strings"
)

// libraryPath is the module whose version says which kubectl this is.
const libraryPath = "k8s.io/kubectl"

// Version is kubectl's version, as v1.37.2: k8s.io/kubectl v0.X.Y is kubectl
// v1.X.Y. It is read from what was linked, so it cannot be stale; it is
// "unknown" in an executable without module information, as test binaries are.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	return versionIn(info)
}

func versionIn(info *debug.BuildInfo) string {
	for _, m := range info.Deps {
		if m.Path != libraryPath {
			continue
		}
		if m.Replace != nil {
			m = m.Replace
		}
		if rest, ok := strings.CutPrefix(m.Version, "v0."); ok {
			return "v1." + rest
		}
		return m.Version
	}
	return "unknown"
}
