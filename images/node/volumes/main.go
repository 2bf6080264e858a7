// Command volume-provisioner makes the volumes of a trial's node: a volume is a
// directory of its own, made by this process. local-path-provisioner starts a pod
// for each directory and asks once a second whether it has ended: two to three
// seconds that a chart's startup budget would be charged with.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v10/controller"
)

// byClaim is the one pathPattern that is known, written as for local-path-provisioner.
const byClaim = "{{ .PVC.Namespace }}/{{ .PVC.Name }}"

// directories makes volumes as directories below a root that pods reach by hostPath.
type directories struct{ root string }

// Provision makes the directory, writable for pods that are not root: hostPath knows no fsGroup.
func (d directories) Provision(_ context.Context, options controller.ProvisionOptions) (*v1.PersistentVolume, controller.ProvisioningState, error) {
	if options.SelectedNode == nil {
		return nil, controller.ProvisioningFinished, fmt.Errorf("no node was selected: the class must wait for the first consumer")
	}
	path, err := d.path(options)
	if err != nil {
		return nil, controller.ProvisioningFinished, err
	}
	if err := os.MkdirAll(path, 0o777); err != nil {
		return nil, controller.ProvisioningFinished, err
	}
	if err := os.Chmod(path, 0o777); err != nil {
		return nil, controller.ProvisioningFinished, err
	}
	return volume(options, path), controller.ProvisioningFinished, nil
}

// path is a directory of the volume's own, unless the class has a pathPattern: then a claim of the same name finds the
// same directory again, also on a new node. Such a class retains its volumes.
func (d directories) path(options controller.ProvisionOptions) (string, error) {
	claim := options.PVC
	pattern, has := options.StorageClass.Parameters["pathPattern"]
	if !has {
		return filepath.Join(d.root, strings.Join([]string{options.PVName, claim.Namespace, claim.Name}, "_")), nil
	}
	if pattern != byClaim {
		return "", fmt.Errorf("pathPattern %q: only %q is known", pattern, byClaim)
	}
	if *options.StorageClass.ReclaimPolicy != v1.PersistentVolumeReclaimRetain {
		return "", fmt.Errorf("a class with a pathPattern must have the reclaim policy Retain")
	}
	return filepath.Join(d.root, claim.Namespace, claim.Name), nil
}

func volume(options controller.ProvisionOptions, path string) *v1.PersistentVolume {
	kind := v1.HostPathDirectory
	spec := options.PVC.Spec
	return &v1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: options.PVName},
		Spec: v1.PersistentVolumeSpec{
			PersistentVolumeReclaimPolicy: *options.StorageClass.ReclaimPolicy,
			AccessModes:                   spec.AccessModes,
			VolumeMode:                    spec.VolumeMode,
			Capacity:                      v1.ResourceList{v1.ResourceStorage: spec.Resources.Requests[v1.ResourceStorage]},
			PersistentVolumeSource:        v1.PersistentVolumeSource{HostPath: &v1.HostPathVolumeSource{Path: path, Type: &kind}},
			NodeAffinity:                  onlyOn(options.SelectedNode),
		},
	}
}

func onlyOn(node *v1.Node) *v1.VolumeNodeAffinity {
	here := v1.NodeSelectorRequirement{
		Key: v1.LabelHostname, Operator: v1.NodeSelectorOpIn, Values: []string{node.Labels[v1.LabelHostname]},
	}
	terms := []v1.NodeSelectorTerm{{MatchExpressions: []v1.NodeSelectorRequirement{here}}}
	return &v1.VolumeNodeAffinity{Required: &v1.NodeSelector{NodeSelectorTerms: terms}}
}

// Delete removes the directory of a volume that this program made, and nothing else.
func (d directories) Delete(_ context.Context, volume *v1.PersistentVolume) error {
	source := volume.Spec.HostPath
	if source == nil || filepath.Dir(source.Path) != filepath.Clean(d.root) {
		return &controller.IgnoredError{Reason: "not a directory of this provisioner"}
	}
	return os.RemoveAll(source.Path)
}

func main() {
	name := flag.String("name", "seatrial.dev/directory", "the provisioner that storage classes name")
	root := flag.String("root", "/var/local-path-provisioner", "where the directories are made, here and on the node")
	flag.Parse()
	ctx := context.Background()
	config, err := rest.InClusterConfig()
	if err != nil {
		klog.Fatalf("no cluster: %v", err)
	}
	// The default of five requests a second would be felt in a startup budget.
	config.QPS, config.Burst = 100, 200
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		klog.Fatalf("no client: %v", err)
	}
	provisioner := controller.NewProvisionController(klog.FromContext(ctx), client, *name, directories{root: *root}, controller.LeaderElection(false))
	provisioner.Run(ctx)
}
