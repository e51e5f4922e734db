# Records the network tables of this Windows host into a folder beside a
# capture, where "mendcap repair" finds them:
#
#   powershell -ExecutionPolicy Bypass -File record.ps1 capture.pcapng
#                                                  (writes capture.tables\)
#
# Run it while the capture runs, or right after; several times do no harm, each
# writes files of its own. It needs no administrator, only reads, and sends
# nothing. Windows PowerShell 3 or later, or PowerShell 7; where a cmdlet is
# missing (Windows 7) the old commands give what they can.

param([Parameter(Mandatory = $true)][string]$Capture)

$path = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Capture)
$stem = $path -replace '(?<=[^\\/])\.(gz|zst|xz|lz4|bz2)$', '' -replace '(?<=[^\\/])\.(pcapng|pcap|ntar|cap|dmp|trc)$', ''
$folder = "$stem.tables"
[void][IO.Directory]::CreateDirectory($folder)

function Get-Stamp { [DateTime]::UtcNow.ToString('yyyyMMdd\THHmmss\Z') }
$now = Get-Stamp
while (@([IO.Directory]::GetFiles($folder, "$now-*")).Count -gt 0) {
    Start-Sleep -Seconds 1
    $now = Get-Stamp
}
$script:files = 0

function Save-Text([string]$Name, [string]$Text) {
    if ($Text.Trim()) {
        [IO.File]::WriteAllText([IO.Path]::Combine($folder, "$now-$Name"), $Text)
        $script:files++
    }
}

# What a cmdlet returns, as JSON: no column cuts an address there.
function Save-Objects([string]$Name, [scriptblock]$Get) {
    try {
        $rows = @(& $Get)
        if ($rows.Count -gt 0) { Save-Text "$Name.json" (ConvertTo-Json -InputObject $rows) }
    } catch {
        Write-Warning "${Name}: $($_.Exception.Message)"
    }
}

# What a command prints.
function Save-Output([string]$Name, [scriptblock]$Command) {
    try {
        Save-Text "$Name.txt" ((& $Command 2>$null | Out-String -Width 4096))
    } catch {
        Write-Warning "${Name}: $($_.Exception.Message)"
    }
}

$state = @{ Name = 'State'; Expression = { "$($_.State)" } }
$protocol = @{ Name = 'Protocol'; Expression = { "$($_.Protocol)" } }
$ErrorActionPreference = 'Stop'
Save-Objects 'tcp' { Get-NetTCPConnection | Select-Object -Property 'LocalAddress', 'LocalPort', 'RemoteAddress', 'RemotePort', $state, 'OwningProcess' }
Save-Objects 'udp' { Get-NetUDPEndpoint | Select-Object -Property 'LocalAddress', 'LocalPort', 'OwningProcess' }
Save-Objects 'neighbors' { Get-NetNeighbor | Select-Object -Property 'IPAddress', 'LinkLayerAddress', $state, 'InterfaceIndex' }
Save-Objects 'addresses' { Get-NetIPAddress | Select-Object -Property 'IPAddress', 'InterfaceIndex', 'InterfaceAlias', 'PrefixLength' }
Save-Objects 'routes' { Get-NetRoute | Select-Object -Property 'DestinationPrefix', 'NextHop', 'InterfaceIndex', 'RouteMetric', $protocol }
Save-Objects 'dns' { Get-DnsClientCache | Select-Object -Property 'Entry', 'Data' }

$ErrorActionPreference = 'Continue'
Save-Output 'destinationcache-6' { netsh interface ipv6 show destinationcache }
Save-Output 'destinationcache-4' { netsh interface ipv4 show destinationcache }
Save-Output 'neighbors-6' { netsh interface ipv6 show neighbors }
Save-Output 'addresses-6' { netsh interface ipv6 show addresses }
Save-Output 'joins-6' { netsh interface ipv6 show joins }
Save-Output 'routes-6' { netsh interface ipv6 show route }
Save-Output 'netstat' { netstat -ano }
Save-Output 'ipconfig' { ipconfig /all }
Save-Output 'displaydns' { ipconfig /displaydns }
Save-Output 'route-print-6' { route print -6 }
Save-Output 'arp' { arp -a }

"$script:files files in $folder"
if ($script:files -eq 0) { exit 1 }
