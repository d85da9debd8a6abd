package controlplane

import (
	"fmt"
	"runtime"
	"sort"
	"strings"
	"time"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/internal/supervisor"
)

// Components are the programs with their flags, in the order of their start.
func (p Plan) Components() []supervisor.Component {
	var out []supervisor.Component
	for _, name := range Names() {
		out = append(out, p.Component(name))
	}
	return out
}

// Component is one program with its flags.
func (p Plan) Component(name string) supervisor.Component {
	return supervisor.Component{Name: name, Exe: p.Programs[name], Args: p.args(name), Env: p.env()}
}

// env is all that components see of the caller's environment: nothing. KWOK
// looks for files of its own below HOME.
func (p Plan) env() []string {
	env := []string{"HOME=" + p.Folder, "PATH=/usr/local/bin:/usr/bin:/bin", "TMPDIR=" + p.Folder}
	if p.Nodes <= fewNodes {
		env = append(env, fmt.Sprintf("GOMAXPROCS=%d", max(1, runtime.NumCPU()/2)))
	}
	return env
}

// fewNodes is up to how many nodes a component gets along with half of the
// processors. Several of them wait most of the time, for one another and for specs,
// and each that may use all wakes a thread on another whenever something comes in:
// on two processors that was a third of what an idle control plane cost, and a
// fifth of a run.
const fewNodes = 100

func (p Plan) args(name string) []string {
	flags := map[string]func() map[string]string{
		Etcd: p.etcd, APIServer: p.apiServer, ControllerManager: p.controllerManager, Scheduler: p.scheduler, KWOK: p.kwok,
	}[name]()
	args := make([]string, 0, len(flags))
	for flag, value := range flags {
		args = append(args, "--"+flag+"="+value)
	}
	sort.Strings(args)
	return args
}

// etcd keeps nothing that must outlive the machine: it need not wait for the disk.
func (p Plan) etcd() map[string]string {
	client, peer := url(p.Ports.EtcdClient), url(p.Ports.EtcdPeer)
	return map[string]string{
		"name":                        p.Name,
		"data-dir":                    p.etcdData(),
		"unsafe-no-fsync":             "true",
		"listen-client-urls":          client,
		"advertise-client-urls":       client,
		"listen-peer-urls":            peer,
		"initial-advertise-peer-urls": peer,
		"initial-cluster":             p.Name + "=" + peer,
		"cert-file":                   p.pki("etcd.crt"),
		"key-file":                    p.pki("etcd.key"),
		"client-cert-auth":            "true",
		"trusted-ca-file":             p.pki("ca.crt"),
		"peer-cert-file":              p.pki("etcd.crt"),
		"peer-key-file":               p.pki("etcd.key"),
		"peer-client-cert-auth":       "true",
		"peer-trusted-ca-file":        p.pki("ca.crt"),
	}
}

func (p Plan) apiServer() map[string]string {
	return map[string]string{
		"bind-address":                     Address,
		"secure-port":                      fmt.Sprint(p.Ports.APIServer),
		"advertise-address":                Address,
		"endpoint-reconciler-type":         "none", // a loopback address cannot stand in Endpoints
		"etcd-servers":                     url(p.Ports.EtcdClient),
		"etcd-cafile":                      p.pki("ca.crt"),
		"etcd-certfile":                    p.pki("kube-apiserver.crt"),
		"etcd-keyfile":                     p.pki("kube-apiserver.key"),
		"client-ca-file":                   p.pki("ca.crt"),
		"tls-cert-file":                    p.pki("kube-apiserver.crt"),
		"tls-private-key-file":             p.pki("kube-apiserver.key"),
		"service-account-issuer":           issuer,
		"service-account-key-file":         p.pki("service-account.crt"),
		"service-account-signing-key-file": p.pki("service-account.key"),
		"service-cluster-ip-range":         serviceCIDR,
		"authorization-mode":               "Node,RBAC",
		"enable-admission-plugins":         "NodeRestriction", // beside the defaults, as kubeadm has it
		"allow-privileged":                 "true",
		// One by one, as is the default, a collection of a thousand takes a busy
		// machine longer than the minute that a request may take.
		"delete-collection-workers": "16",
		// By these an aggregated API server would know whom a request is from.
		"requestheader-client-ca-file":       p.pki("front-proxy-ca.crt"),
		"requestheader-allowed-names":        frontProxy,
		"requestheader-username-headers":     "X-Remote-User",
		"requestheader-group-headers":        "X-Remote-Group",
		"requestheader-extra-headers-prefix": "X-Remote-Extra-",
		"proxy-client-cert-file":             p.pki(frontProxy + ".crt"),
		"proxy-client-key-file":              p.pki(frontProxy + ".key"),
		"audit-policy-file":                  p.auditPolicy(),
		"audit-log-path":                     p.AuditLog(),
		"audit-log-maxsize":                  "200",
		"audit-log-maxbackup":                "1",
	}
}

func (p Plan) controllerManager() map[string]string {
	config := p.kubeconfig(ControllerManager)
	flags := map[string]string{
		"kubeconfig":                       config,
		"authentication-kubeconfig":        config,
		"authorization-kubeconfig":         config,
		"bind-address":                     Address,
		"secure-port":                      fmt.Sprint(p.Ports.ControllerManager),
		"client-ca-file":                   p.pki("ca.crt"),
		"tls-cert-file":                    p.pki("kube-controller-manager.crt"),
		"tls-private-key-file":             p.pki("kube-controller-manager.key"),
		"root-ca-file":                     p.pki("ca.crt"),
		"cluster-signing-cert-file":        p.pki("ca.crt"),
		"cluster-signing-key-file":         p.pki("ca.key"),
		"service-account-private-key-file": p.pki("service-account.key"),
		"service-cluster-ip-range":         serviceCIDR,
		"cluster-cidr":                     podCIDR,
		"allocate-node-cidrs":              "true",
		"cluster-name":                     p.Name,
		// The DaemonSet controller then acts as its own service account, with its own role.
		"use-service-account-credentials": "true",
	}
	lead(flags)
	throttle(flags)
	if p.Controllers != "" {
		flags["controllers"] = p.Controllers
	}
	if lease := clusters.NodeLease(p.Nodes); lease > clusters.NodeLease(0) {
		flags["node-monitor-grace-period"] = (lease + 10*time.Second).String() // 10 s more than the lease, as by default
	}
	return flags
}

func (p Plan) scheduler() map[string]string {
	config := p.kubeconfig(Scheduler)
	flags := map[string]string{
		"kubeconfig":                config,
		"authentication-kubeconfig": config,
		"authorization-kubeconfig":  config,
		"bind-address":              Address,
		"secure-port":               fmt.Sprint(p.Ports.Scheduler),
		"client-ca-file":            p.pki("ca.crt"),
		"tls-cert-file":             p.pki("kube-scheduler.crt"),
		"tls-private-key-file":      p.pki("kube-scheduler.key"),
	}
	lead(flags)
	throttle(flags)
	return flags
}

// lead has a component elect itself, as on a real cluster, and hold on to that:
// nobody stands against it, and by the default it would end where a busy machine
// kept one request of its waiting for ten seconds. A lease that is left behind is
// deleted before the next start.
func lead(flags map[string]string) {
	flags["leader-elect"] = "true"
	flags["leader-elect-lease-duration"] = "3m"
	flags["leader-elect-renew-deadline"] = "2m30s"
}

// throttle lets a component ask as much as it has to. By default the controller
// manager's clients make 20 requests a second: a hundred nodes that join would
// be served in fifteen seconds, a thousand pods made in a hundred, and every
// figure would be that of the limit.
func throttle(flags map[string]string) {
	flags["kube-api-qps"] = "500"
	flags["kube-api-burst"] = "1000"
}

func (p Plan) kwok() map[string]string {
	return map[string]string{
		"kubeconfig":                       p.kubeconfig(KWOK),
		"config":                           p.Stages,
		"manage-nodes-with-label-selector": p.NodeSelector,
		"node-lease-duration-seconds":      fmt.Sprint(int(clusters.NodeLease(p.Nodes).Seconds())),
		"cidr":                             strings.Replace(podCIDR, "/9", "/24", 1),
		"node-ip":                          Address,
	}
}
