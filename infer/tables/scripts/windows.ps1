<#
.SYNOPSIS
Records the network tables of this Windows host beside a capture.

.DESCRIPTION
Writes this host's connections, neighbors, addresses, routes and caches as files
into a folder beside the capture (capture.tables for capture.pcapng), where
"mendcap repair" finds them.

The files hold private data: the addresses that this host has lately talked to,
the names that it has looked up, its own addresses and hardware addresses, and
which process has which connection. Give them to nobody who may not see the
capture itself.

Run it while the capture runs, or right after; several times do no harm, each
writes files of its own. With -Every it goes on until Ctrl+C, so that also
connections are recorded that are closed before the capture's end. It needs no
administrator, only reads, and sends nothing.

It runs in Windows PowerShell 3 or later and in PowerShell 7, also in constrained
language mode: it calls no .NET methods. Where a cmdlet is missing (Windows 7) the
old commands give what they can.

.PARAMETER Capture
The capture's path. It need not exist yet.

.PARAMETER Every
Record again after so many seconds, until Ctrl+C is pressed. What changes seldom
(addresses, routes) is recorded at every twelfth moment only.

.PARAMETER Count
With -Every: end after so many moments.

.EXAMPLE
powershell -ExecutionPolicy Bypass -File record.ps1 capture.pcapng

.EXAMPLE
powershell -ExecutionPolicy Bypass -File record.ps1 capture.pcapng -Every 5
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory = $true, Position = 0)][string]$Capture,
    [ValidateRange(1, 86400)][int]$Every,
    [ValidateRange(1, 1000000)][int]$Count
)

if ($Count -gt 0 -and $Every -eq 0) { throw '-Count needs -Every' }

$stem = $Capture -replace '(?<=[^\\/])\.(gz|zst|xz|lz4|bz2)$', '' -replace '(?<=[^\\/])\.(pcapng|pcap|ntar|cap|dmp|trc|etl)$', ''
$folder = "$stem.tables"
New-Item -ItemType Directory -Force -Path $folder -ErrorAction Stop | Out-Null

$script:files = 0
$script:warned = @{}

# The time as the names of files have it, whatever calendar the user has.
function Get-Stamp {
    $t = [DateTime]::UtcNow
    '{0:d4}{1:d2}{2:d2}T{3:d2}{4:d2}{5:d2}Z' -f $t.Year, $t.Month, $t.Day, $t.Hour, $t.Minute, $t.Second
}

# At the first moment each table has a file of its own, then each moment one.
function Save-Text([string]$Name, [string]$Text) {
    if ($moment -gt 0) { $Name = 'moment.txt' }
    if ($Text -match '\S') {
        $path = Join-Path $folder "$now-$Name"
        if (-not (Test-Path -LiteralPath $path)) { $script:files++ }
        Add-Content -LiteralPath $path -Value $Text, '' -Encoding UTF8
    }
}

# A table that can't be recorded is named once.
function Write-Missing([string]$Name, [string]$Why) {
    if (-not $script:warned[$Name]) {
        $script:warned[$Name] = $true
        Write-Warning "${Name}: $Why"
    }
}

# What a cmdlet returns, as JSON: no column cuts an address there.
function Save-Objects([string]$Name, [scriptblock]$Get) {
    $ErrorActionPreference = 'Stop'
    try {
        $rows = @(& $Get)
        if ($rows.Count -gt 0) { Save-Text "$Name.json" (ConvertTo-Json -InputObject $rows) }
    } catch {
        Write-Missing $Name $_.Exception.Message
    }
}

# What a command prints. What it says of errors is no error of the script.
function Save-Output([string]$Name, [scriptblock]$Command) {
    $ErrorActionPreference = 'Continue'
    try {
        Save-Text "$Name.txt" ((& $Command 2>$null | Out-String -Width 4096))
    } catch {
        Write-Missing $Name $_.Exception.Message
    }
}

$state = @{ Name = 'State'; Expression = { "$($_.State)" } }
$protocol = @{ Name = 'Protocol'; Expression = { "$($_.Protocol)" } }

# What changes with every connection.
function Save-Quick {
    Save-Objects 'tcp' { Get-NetTCPConnection | Select-Object -Property 'LocalAddress', 'LocalPort', 'RemoteAddress', 'RemotePort', $state, 'OwningProcess' }
    Save-Objects 'udp' { Get-NetUDPEndpoint | Select-Object -Property 'LocalAddress', 'LocalPort', 'OwningProcess' }
    Save-Output 'netstat' { netstat -ano }
    Save-Output 'destinationcache-6' { netsh interface ipv6 show destinationcache }
    Save-Objects 'neighbors' { Get-NetNeighbor | Select-Object -Property 'IPAddress', 'LinkLayerAddress', $state, 'InterfaceIndex' }
    Save-Objects 'dns' { Get-DnsClientCache | Select-Object -Property 'Entry', 'Data' }
}

# What seldom changes, and what says the same in another way.
function Save-Rest {
    Save-Objects 'addresses' { Get-NetIPAddress | Select-Object -Property 'IPAddress', 'InterfaceIndex', 'InterfaceAlias', 'PrefixLength' }
    Save-Objects 'routes' { Get-NetRoute | Select-Object -Property 'DestinationPrefix', 'NextHop', 'InterfaceIndex', 'RouteMetric', $protocol }
    Save-Output 'destinationcache-4' { netsh interface ipv4 show destinationcache }
    Save-Output 'neighbors-6' { netsh interface ipv6 show neighbors }
    Save-Output 'addresses-6' { netsh interface ipv6 show addresses }
    Save-Output 'joins-6' { netsh interface ipv6 show joins }
    Save-Output 'routes-6' { netsh interface ipv6 show route }
    Save-Output 'ipconfig' { ipconfig /all }
    Save-Output 'displaydns' { ipconfig /displaydns }
    Save-Output 'route-print-6' { route print -6 }
    Save-Output 'arp' { arp -a }
}

$moment = 0
try {
    do {
        if ($moment -gt 0) { Start-Sleep -Seconds $Every }
        $now = Get-Stamp
        while (@(Get-ChildItem -LiteralPath $folder | Where-Object { $_.Name -like "$now-*" }).Count -gt 0) {
            Start-Sleep -Seconds 1
            $now = Get-Stamp
        }
        Save-Quick
        if ($moment % 12 -eq 0) { Save-Rest }
        $moment++
    } while ($Every -gt 0 -and ($Count -eq 0 -or $moment -lt $Count))
} finally {
    Write-Host "$($script:files) files in $folder"
}
if ($script:files -eq 0) { exit 1 }
