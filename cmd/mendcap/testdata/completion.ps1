# Completion of mendcap for PowerShell. Load it by:
# mendcap completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName mendcap -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $commands = @('repair', 'batch', 'check', 'report', 'diff', 'explain', 'tables', 'schema', 'wireshark-profile', 'completion', 'man', 'version', 'help')
    $flags = @{
        'repair' = @('-r', '--read', '-w', '--write', '-o', '--output-dir', '--report', '--graphs', '--json', '--force', '-q', '--quiet', '-v', '--verbose', '--findings', '--flows', '--annotate', '--compress', '--tables', '--user-layout', '--decode-as', '--without', '--align-interfaces', '--all-layers', '--capture-zone', '--salvage', '--confidence', '--protocol', '--local', '--spool-limit', '-h', '--help')
        'batch' = @('-o', '--output-dir', '--jobs', '--memory', '--only-changed', '--reflink', '--hardlink', '--pages', '--resume', '--dry-run', '--include', '--exclude', '--report', '--json', '--force', '-q', '--quiet', '--findings', '--flows', '--annotate', '--compress', '--tables', '--user-layout', '--decode-as', '--without', '--align-interfaces', '--all-layers', '--capture-zone', '--salvage', '--confidence', '--protocol', '--local', '--lots', '--lot-size', '--plan', '--scratch', '--lot', '--engine', '--image', '--queue', '--volume', '--workers', '-h', '--help')
        'check' = @('--baseline', '--update-baseline', '--fail-on', '--max', '--report', '--json', '--findings', '-q', '--quiet', '--tables', '--user-layout', '--decode-as', '--without', '--align-interfaces', '--all-layers', '--capture-zone', '--salvage', '--confidence', '--protocol', '--local', '--spool-limit', '-h', '--help')
        'report' = @('--report', '--graphs', '--force', '-q', '--quiet', '-v', '--verbose', '-h', '--help')
        'diff' = @('--json', '--exit-code', '-h', '--help')
        'explain' = @('--json', '--output', '--tables', '--user-layout', '--decode-as', '--without', '--align-interfaces', '--all-layers', '--capture-zone', '--salvage', '--confidence', '--protocol', '--local', '--spool-limit', '-h', '--help')
        'tables' = @('--json', '--script', '-h', '--help')
        'schema' = @('-h', '--help')
        'wireshark-profile' = @('--install', '--force', '-h', '--help')
        'completion' = @('-h', '--help')
        'man' = @('-o', '--output', '--force', '-h', '--help')
        'version' = @('-h', '--help')
        'help' = @('-h', '--help')
    }
    $values = @{
        'repair --compress' = @('gzip', 'zstd')
        'repair --user-layout' = @('auto', 'windows', 'linux', 'bsd', 'none')
        'repair --without' = @('ack', 'sack', 'out-ack', 'out-tsval', 'out-sack', 'out-seq', 'handshake', 'ip-id', 'quote', 'dns', 'echo', 'ntp', 'dhcpv6', 'stun', 'neighbor', 'in-burst', 'window', 'tsecr', 'recovery', 'round-trip', 'not-yet', 'arrival', 'answered', 'dsack', 'filled', 'in-turn', 'out-nxt', 'in-nxt', 'out-edge', 'in-edge', 'unacked', 'unechoed', 'out-once', 'in-once', 'out-rst', 'in-event', 'out-event', 'given', 'taken', 'in-seq', 'in-ack', 'in-tsval', 'in-sack')
        'repair --salvage' = @('on', 'off')
        'batch --compress' = @('gzip', 'zstd')
        'batch --user-layout' = @('auto', 'windows', 'linux', 'bsd', 'none')
        'batch --without' = @('ack', 'sack', 'out-ack', 'out-tsval', 'out-sack', 'out-seq', 'handshake', 'ip-id', 'quote', 'dns', 'echo', 'ntp', 'dhcpv6', 'stun', 'neighbor', 'in-burst', 'window', 'tsecr', 'recovery', 'round-trip', 'not-yet', 'arrival', 'answered', 'dsack', 'filled', 'in-turn', 'out-nxt', 'in-nxt', 'out-edge', 'in-edge', 'unacked', 'unechoed', 'out-once', 'in-once', 'out-rst', 'in-event', 'out-event', 'given', 'taken', 'in-seq', 'in-ack', 'in-tsval', 'in-sack')
        'batch --salvage' = @('on', 'off')
        'batch --engine' = @('slurm', 'kubernetes', 'aws', 'google', 'nextflow')
        'check --user-layout' = @('auto', 'windows', 'linux', 'bsd', 'none')
        'check --without' = @('ack', 'sack', 'out-ack', 'out-tsval', 'out-sack', 'out-seq', 'handshake', 'ip-id', 'quote', 'dns', 'echo', 'ntp', 'dhcpv6', 'stun', 'neighbor', 'in-burst', 'window', 'tsecr', 'recovery', 'round-trip', 'not-yet', 'arrival', 'answered', 'dsack', 'filled', 'in-turn', 'out-nxt', 'in-nxt', 'out-edge', 'in-edge', 'unacked', 'unechoed', 'out-once', 'in-once', 'out-rst', 'in-event', 'out-event', 'given', 'taken', 'in-seq', 'in-ack', 'in-tsval', 'in-sack')
        'check --salvage' = @('on', 'off')
        'explain --user-layout' = @('auto', 'windows', 'linux', 'bsd', 'none')
        'explain --without' = @('ack', 'sack', 'out-ack', 'out-tsval', 'out-sack', 'out-seq', 'handshake', 'ip-id', 'quote', 'dns', 'echo', 'ntp', 'dhcpv6', 'stun', 'neighbor', 'in-burst', 'window', 'tsecr', 'recovery', 'round-trip', 'not-yet', 'arrival', 'answered', 'dsack', 'filled', 'in-turn', 'out-nxt', 'in-nxt', 'out-edge', 'in-edge', 'unacked', 'unechoed', 'out-once', 'in-once', 'out-rst', 'in-event', 'out-event', 'given', 'taken', 'in-seq', 'in-ack', 'in-tsval', 'in-sack')
        'explain --salvage' = @('on', 'off')
        'tables --script' = @('windows', 'linux', 'macos')
    }
    $words = @{
        'schema' = @('report', 'check', 'batch', 'explain', 'diff', 'baseline', 'jsonl', 'tables')
        'completion' = @('bash', 'zsh', 'fish', 'powershell')
        'man' = @('mendcap', 'repair', 'batch', 'check', 'report', 'diff', 'explain', 'tables', 'schema', 'wireshark-profile', 'completion', 'man', 'version', 'help', 'reference', 'formats', 'recording', 'ci', 'how-it-works', 'headers', 'sniffer', 'laws', 'verdicts', 'exit-codes', 'lots', 'stores', 'slurm', 'kubernetes', 'aws-batch', 'google-batch', 'nextflow', 'parallel', 'petabyte', 'limits', 'measured')
        'help' = @('repair', 'batch', 'check', 'report', 'diff', 'explain', 'tables', 'schema', 'wireshark-profile', 'completion', 'man', 'version', 'help', 'reference', 'formats', 'recording', 'ci', 'how-it-works', 'headers', 'sniffer', 'laws', 'verdicts', 'exit-codes', 'lots', 'stores', 'slurm', 'kubernetes', 'aws-batch', 'google-batch', 'nextflow', 'parallel', 'petabyte', 'limits', 'measured')
    }
    $typed = @($commandAst.CommandElements |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
        ForEach-Object { $_.ToString() })
    $command = 'repair'
    if ($typed.Count -gt 1 -and $commands -ccontains $typed[1]) { $command = $typed[1] }
    $key = "$command $($typed[-1])"
    if ($values.ContainsKey($key)) { $offered = $values[$key] }
    elseif ($wordToComplete -like '-*') { $offered = $flags[$command] }
    elseif ($typed.Count -le 1) { $offered = $commands }
    else { $offered = $words[$command] }
    $offered | Where-Object { $_ -clike "$wordToComplete*" } | ForEach-Object {
        [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
    }
}
