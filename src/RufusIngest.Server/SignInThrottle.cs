using System.Net;
using System.Net.Sockets;

namespace RufusIngest.Server;

/// <summary>Bounds how often an address may try keys. Every member may be called from any thread.</summary>
sealed class SignInThrottle(TimeProvider timeProvider)
{
    /// <summary>Attempts in a <see cref="Window"/>, those that succeeded left out.</summary>
    public const int MaxFailures = 5;

    /// <summary>Addresses remembered; beyond them the one that began first is forgotten.</summary>
    public const int MaxAddresses = 1_000;

    readonly Lock _gate = new();
    readonly OrderedDictionary<IPAddress, (long Since, int Attempts)> _addresses = [];

    /// <summary>Begins with an address's first attempt.</summary>
    public static TimeSpan Window { get; } = TimeSpan.FromMinutes(1);

    /// <summary>Counts an attempt before its key is looked at; false when there were too many.</summary>
    public bool TryBegin(IPAddress? from)
    {
        var address = Site(from);
        lock (_gate)
        {
            while (_addresses.Count > 0 && timeProvider.GetElapsedTime(_addresses.GetAt(0).Value.Since) >= Window)
                _addresses.RemoveAt(0);
            if (!_addresses.TryGetValue(address, out var known))
            {
                if (_addresses.Count >= MaxAddresses)
                    _addresses.RemoveAt(0);
                known = (timeProvider.GetTimestamp(), 0);
            }

            if (known.Attempts >= MaxFailures)
                return false;
            _addresses[address] = known with { Attempts = known.Attempts + 1 };
            return true;
        }
    }

    /// <summary>Takes the attempt back.</summary>
    public void Succeeded(IPAddress? from)
    {
        var address = Site(from);
        lock (_gate)
        {
            if (_addresses.TryGetValue(address, out var known) && known.Attempts > 0)
                _addresses[address] = known with { Attempts = known.Attempts - 1 };
        }
    }

    /// <summary>An IPv6 client has a whole /64 to choose from.</summary>
    static IPAddress Site(IPAddress? address)
    {
        if (address is null)
            return IPAddress.None;
        if (address.IsIPv4MappedToIPv6)
            return address.MapToIPv4();
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            return address;
        var bytes = address.GetAddressBytes();
        Array.Clear(bytes, 8, 8);
        return new(bytes);
    }
}
