{{/* Name of everything in this release; `msp` is not said twice. */}}
{{- define "msp.fullname" -}}
{{- $name := ternary .Release.Name (printf "%s-%s" .Release.Name .Chart.Name) (contains .Chart.Name .Release.Name) -}}
{{- $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "msp.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "msp.labels" -}}
{{ include "msp.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "msp.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "msp.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{ .Values.serviceAccount.name | default (include "msp.fullname" .) }}
{{- else -}}
{{ .Values.serviceAccount.name | default "default" }}
{{- end -}}
{{- end -}}

{{/* The variables that come from Secrets: (dict "root" $ "secrets" (list …)). Which pod gets which login is decided by its caller. */}}
{{- define "msp.secretEnv" -}}
{{- $variables := dict "app" "MSP_SECRET_KEY" "ownerDatabase" "MSP_OWNER_DATABASE_URL" "portalDatabase" "MSP_PORTAL_DATABASE_URL" "consoleDatabase" "MSP_CONSOLE_DATABASE_URL" "liveDatabase" "MSP_LIVE_DATABASE_URL" "redis" "MSP_REDIS_URL" "mail" "MSP_MAIL_URL" -}}
{{- range .secrets }}
{{- $secret := index $.root.Values.secrets . }}
{{- if $secret.existingSecret }}
- name: {{ index $variables . }}
  valueFrom:
    secretKeyRef:
      name: {{ $secret.existingSecret }}
      key: {{ $secret.key }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "msp.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "msp.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- define "msp.placement" -}}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/*
One Deployment: (dict "root" $ "component" … "args" (list …) "secrets" (list …) "replicas" … "resources" …
"grace" seconds, and where it has them "port", "ready" (path of the readiness probe), "files" true).
*/}}
{{- define "msp.deployment" -}}
{{- $root := .root -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "msp.fullname" $root }}-{{ .component }}
  labels:
    {{- include "msp.labels" $root | nindent 4 }}
    app.kubernetes.io/component: {{ .component }}
spec:
  replicas: {{ .replicas }}
  selector:
    matchLabels:
      {{- include "msp.selector" $root | nindent 6 }}
      app.kubernetes.io/component: {{ .component }}
  template:
    metadata:
      labels:
        {{- include "msp.labels" $root | nindent 8 }}
        app.kubernetes.io/component: {{ .component }}
      annotations:
        checksum/config: {{ include (print $root.Template.BasePath "/configmap.yaml") $root | sha256sum }}
        {{- with $root.Values.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      serviceAccountName: {{ include "msp.serviceAccount" $root }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      securityContext: {{- include "msp.podSecurity" $root | nindent 8 }}
      terminationGracePeriodSeconds: {{ .grace }}
      {{- with $root.Values.image.pullSecrets }}
      imagePullSecrets:
        {{- range . }}
        - name: {{ . }}
        {{- end }}
      {{- end }}
      containers:
        - name: {{ .component }}
          image: {{ include "msp.image" $root }}
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          args: {{- toYaml .args | nindent 12 }}
          securityContext: {{- include "msp.containerSecurity" $root | nindent 12 }}
          envFrom:
            - configMapRef:
                name: {{ include "msp.fullname" $root }}
            {{- if and .files $root.Values.secrets.storage.existingSecret }}
            - secretRef:
                name: {{ $root.Values.secrets.storage.existingSecret }}
            {{- end }}
          env: {{- include "msp.secretEnv" (dict "root" $root "secrets" .secrets) | trim | nindent 12 }}
          {{- if .port }}
          ports:
            - name: http
              containerPort: {{ .port }}
          startupProbe:
            httpGet: {path: /healthz, port: http}
            periodSeconds: 2
            failureThreshold: 30
          livenessProbe:
            httpGet: {path: /healthz, port: http}
            periodSeconds: 10
            timeoutSeconds: 5
          readinessProbe:
            httpGet: {path: {{ .ready }}, port: http}
            periodSeconds: 5
            timeoutSeconds: 5
          {{- end }}
          resources: {{- toYaml .resources | nindent 12 }}
          volumeMounts:
            - name: tmp
              mountPath: /tmp
            {{- if and .files $root.Values.storage.existingClaim }}
            - name: files
              mountPath: /files
            {{- end }}
      volumes:
        - name: tmp
          emptyDir: {}
        {{- if and .files $root.Values.storage.existingClaim }}
        - name: files
          persistentVolumeClaim:
            claimName: {{ $root.Values.storage.existingClaim }}
        {{- end }}
      {{- with include "msp.placement" $root | trim }}
      {{- . | nindent 6 }}
      {{- end }}
{{- end -}}
