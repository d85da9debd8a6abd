package controlplane

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/dsconform/dsconform/clusters/sim/pki"
)

// KWOKUser is who the simulated kubelets are to the API server.
const KWOKUser = "dsconform:simulated-kubelets"

// frontProxy is who the API server is to aggregated ones.
const frontProxy = "front-proxy-client"

//go:embed audit-policy.yaml
var auditPolicy []byte

func (p Plan) auditPolicy() string { return filepath.Join(p.Folder, "audit-policy.yaml") }

// subjects are those who get a certificate, by the name of its file.
func subjects() map[string]pki.Subject {
	return map[string]pki.Subject{
		Etcd: {Name: Etcd, Hosts: []string{Address, "localhost"}},
		APIServer: {Name: APIServer, Hosts: []string{
			Address, serviceIP, "localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local",
		}},
		ControllerManager: {Name: "system:kube-controller-manager", Hosts: []string{Address, "localhost"}},
		Scheduler:         {Name: "system:kube-scheduler", Hosts: []string{Address, "localhost"}},
		KWOK:              {Name: KWOKUser},
		"admin":           {Name: "kubernetes-super-admin", Groups: []string{"system:masters"}},
	}
}

// users are those subjects that are handed a kubeconfig.
func users() []string { return []string{ControllerManager, Scheduler, KWOK, "admin"} }

// Write makes the files the components read: certificates, keys, kubeconfigs, the audit policy.
func (p Plan) Write(now time.Time) error {
	if err := os.MkdirAll(filepath.Join(p.Folder, "pki"), 0o700); err != nil {
		return fmt.Errorf("making the folder for certificates: %w", err)
	}
	// etcd warns of a data folder that others can read.
	if err := os.MkdirAll(p.etcdData(), 0o700); err != nil {
		return fmt.Errorf("making the folder for etcd: %w", err)
	}
	ca, err := pki.NewAuthority(p.Name+"-ca", now)
	if err != nil {
		return err
	}
	pairs := map[string]pki.Pair{"ca": ca.Pair()}
	for name, subject := range subjects() {
		if pairs[name], err = ca.Issue(subject, now); err != nil {
			return err
		}
	}
	proxies, err := pki.NewAuthority("front-proxy-ca", now)
	if err != nil {
		return err
	}
	pairs["front-proxy-ca"] = proxies.Pair()
	if pairs[frontProxy], err = proxies.Issue(pki.Subject{Name: frontProxy}, now); err != nil {
		return err
	}
	if pairs["service-account"], err = pki.KeyPair(); err != nil {
		return err
	}
	for name, pair := range pairs {
		for path, content := range map[string][]byte{p.pki(name + ".crt"): pair.Cert, p.pki(name + ".key"): pair.Key} {
			if err := os.WriteFile(path, content, 0o600); err != nil {
				return fmt.Errorf("writing a certificate: %w", err)
			}
		}
	}
	if err := os.WriteFile(p.auditPolicy(), auditPolicy, 0o600); err != nil {
		return fmt.Errorf("writing the audit policy: %w", err)
	}
	for _, user := range users() {
		if err := clientcmd.WriteToFile(*p.config(user, ca.Pair(), pairs[user]), p.kubeconfig(user)); err != nil {
			return fmt.Errorf("writing the kubeconfig of %s: %w", user, err)
		}
	}
	return nil
}

// config is a kubeconfig that holds all it needs itself, so that it can be copied.
func (p Plan) config(user string, ca, own pki.Pair) *clientcmdapi.Config {
	name := ContextName(p.Name)
	return &clientcmdapi.Config{
		Clusters:       map[string]*clientcmdapi.Cluster{name: {Server: p.Server(), CertificateAuthorityData: ca.Cert}},
		AuthInfos:      map[string]*clientcmdapi.AuthInfo{name + "-" + user: {ClientCertificateData: own.Cert, ClientKeyData: own.Key}},
		Contexts:       map[string]*clientcmdapi.Context{name: {Cluster: name, AuthInfo: name + "-" + user}},
		CurrentContext: name,
	}
}

// ContextName is the context of a cluster in its kubeconfig.
func ContextName(cluster string) string { return "sim-" + cluster }
