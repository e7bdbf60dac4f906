using System.Collections.Concurrent;

namespace RufusIngest.Server;

/// <summary>The company's devices and sessions, in memory. Every member may be called from any thread.</summary>
sealed class VenueStore(TimeProvider timeProvider)
{
    readonly Lock _gate = new();
    readonly Dictionary<string, Device> _devicesBySerial = [];
    readonly OrderedDictionary<string, Device> _devicesById = [];
    readonly ConcurrentDictionary<string, TimingSession> _sessions = new();
    long _inserted;
    long _duplicates;
    long _conflicts;

    public long Inserted => Interlocked.Read(ref _inserted);

    public long Duplicates => Interlocked.Read(ref _duplicates);

    public long Conflicts => Interlocked.Read(ref _conflicts);

    long NowMs => timeProvider.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Registers a device under its serial number; false when that one is bound already.</summary>
    public bool TryBind(DeviceDescription description, out string deviceId)
    {
        lock (_gate)
        {
            if (_devicesBySerial.TryGetValue(description.SerialNumber, out var bound))
            {
                bound.Touch(NowMs);
                deviceId = bound.Id;
                return false;
            }

            deviceId = Hex64.Next();
            var device = new Device(deviceId, description, NowMs);
            _devicesBySerial.Add(description.SerialNumber, device);
            _devicesById.Add(deviceId, device);
            return true;
        }
    }

    /// <summary>
    /// Forgets a device and closes its sessions, which can still be found by their tokens; false when there is none.
    /// </summary>
    public bool Unbind(string deviceId)
    {
        lock (_gate)
        {
            if (!_devicesById.Remove(deviceId, out var device))
                return false;
            _devicesBySerial.Remove(device.Description.SerialNumber);
            foreach (var session in device.Sessions)
                session.Close();
            return true;
        }
    }

    /// <summary>One page of the devices in the order they were bound, and how many there are.</summary>
    public (Device[] Page, int Total) Devices(Paging paging)
    {
        lock (_gate)
        {
            var total = _devicesById.Count;
            var page = new Device[Math.Clamp(total - paging.Skip, 0, paging.Limit)];
            for (var i = 0; i < page.Length; i++)
                page[i] = _devicesById.GetAt((int)paging.Skip + i).Value;
            return (page, total);
        }
    }

    public Device? FindDevice(string deviceId)
    {
        lock (_gate)
            return _devicesById.GetValueOrDefault(deviceId);
    }

    /// <summary>Opens a session and closes the device's other one; null when there is no such device.</summary>
    public TimingSession? Open(string deviceId, string? alias)
    {
        lock (_gate)
        {
            if (!_devicesById.TryGetValue(deviceId, out var device))
                return null;
            var session = new TimingSession(Hex64.Next(), deviceId, alias, NowMs);
            device.Newest?.Close();
            device.Add(session);
            _sessions[session.Token] = session;
            return session;
        }
    }

    /// <summary>False when it was closed already.</summary>
    public bool Close(TimingSession session)
    {
        session.Touch(NowMs);
        return session.Close();
    }

    public TimingSession? Find(string token) => _sessions.GetValueOrDefault(token);

    public InsertResult Insert(TimingSession session, PassingsBatch batch)
    {
        var result = session.Insert(batch);
        if (result.Status == InsertStatus.Stored)
            session.Touch(NowMs);
        Interlocked.Add(ref _inserted, result.Inserted);
        Interlocked.Add(ref _duplicates, result.Duplicates);
        Interlocked.Add(ref _conflicts, result.Conflicts);
        return result;
    }
}
