package binaries

import "testing"

func TestEtcdOfKubeadm(t *testing.T) {
	t.Parallel()
	got, err := etcdIn("const (\n\t// DefaultEtcdVersion indicates the default\n\tDefaultEtcdVersion = \"3.7.0-0\"\n)")
	if err != nil || got != "v3.7.0" {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := etcdIn("const MinEtcd = 1"); err == nil {
		t.Errorf("a source without it gave %q", got)
	}
}
