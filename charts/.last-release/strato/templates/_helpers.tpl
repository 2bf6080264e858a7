{{/* All of these take a list: the root context and the component. */}}

{{- define "strato.selectorLabels" -}}
{{- $root := first . -}}
app.kubernetes.io/name: {{ $root.Chart.Name }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ last . }}
{{- end -}}

{{- define "strato.labels" -}}
{{- $root := first . -}}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
{{ include "strato.selectorLabels" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: {{ $root.Chart.Name }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
{{- end -}}

{{/* Of a file of templates, by its path below `templates/`: the pods are made anew when it renders otherwise. */}}
{{- define "strato.checksum" -}}
{{- $root := first . -}}
{{ include (print $root.Template.BasePath "/" (last .)) $root | sha256sum }}
{{- end -}}

{{/* Of an image: repository, tag, pullPolicy. */}}
{{- define "strato.image" -}}
image: "{{ .repository }}:{{ .tag }}"
imagePullPolicy: {{ .pullPolicy }}
{{- end -}}

{{/* Of a pod that runs as one user, by number. */}}
{{- define "strato.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ . }}
runAsGroup: {{ . }}
fsGroup: {{ . }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{- define "strato.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}

{{/* Where PostgreSQL is, without the password. */}}
{{- define "strato.databaseUrl" -}}
postgres://{{ .Values.postgres.auth.username }}@postgresql:{{ .Values.postgres.service.port }}/{{ .Values.postgres.auth.database }}
{{- end -}}

{{/* A variable that takes the database's password from the existing Secret; of a list: the root context and its name. */}}
{{- define "strato.databasePassword" -}}
{{- $auth := (first .).Values.postgres.auth -}}
- name: {{ last . }}
  valueFrom:
    secretKeyRef: { name: {{ $auth.existingSecret }}, key: {{ $auth.passwordKey }} }
{{- end -}}

{{/* A database of OVN by its whole name: its own resolver knows no search domains. Of a list: root, name, port. */}}
{{- define "strato.ovsdb" -}}
{{- $root := first . -}}
tcp:{{ index . 1 }}.{{ $root.Release.Namespace }}.svc.{{ $root.Values.clusterDomain }}:{{ last . }}
{{- end -}}
