using System.Collections.Concurrent;

namespace RufusIngest.Server;

/// <summary>The company's devices and sessions, in memory. Every member may be called from any thread.</summary>
sealed class VenueStore(TimeProvider timeProvider)
{
    readonly Lock _gate = new();
    readonly Dictionary<string, Device> _devicesBySerial = [];
    readonly Dictionary<string, Device> _devicesById = [];
    readonly ConcurrentDictionary<string, TimingSession> _sessions = new();
    long _inserted;
    long _duplicates;
    long _conflicts;

    public long Inserted => Interlocked.Read(ref _inserted);

    public long Duplicates => Interlocked.Read(ref _duplicates);

    public long Conflicts => Interlocked.Read(ref _conflicts);

    /// <summary>Registers a device under its serial number; false when that one is bound already.</summary>
    public bool TryBind(DeviceDescription description, out string deviceId)
    {
        lock (_gate)
        {
            if (_devicesBySerial.TryGetValue(description.SerialNumber, out var bound))
            {
                deviceId = bound.Id;
                return false;
            }

            deviceId = Hex64.Next();
            var device = new Device(deviceId, description, timeProvider.GetUtcNow());
            _devicesBySerial.Add(description.SerialNumber, device);
            _devicesById.Add(deviceId, device);
            return true;
        }
    }

    /// <summary>Opens a session and closes the device's other one; null when there is no such device.</summary>
    public TimingSession? Open(string deviceId, string? alias)
    {
        lock (_gate)
        {
            if (!_devicesById.TryGetValue(deviceId, out var device))
                return null;
            var createdMs = timeProvider.GetUtcNow().ToUnixTimeMilliseconds();
            var session = new TimingSession(Hex64.Next(), deviceId, alias, createdMs);
            device.LastSession?.Close();
            device.LastSession = session;
            _sessions[session.Token] = session;
            return session;
        }
    }

    public TimingSession? Find(string token) => _sessions.GetValueOrDefault(token);

    public InsertResult Insert(TimingSession session, PassingsBatch batch)
    {
        var result = session.Insert(batch);
        Interlocked.Add(ref _inserted, result.Inserted);
        Interlocked.Add(ref _duplicates, result.Duplicates);
        Interlocked.Add(ref _conflicts, result.Conflicts);
        return result;
    }

    sealed class Device(string id, DeviceDescription description, DateTimeOffset created)
    {
        public string Id => id;

        public DeviceDescription Description => description;

        public DateTimeOffset Created => created;

        public TimingSession? LastSession { get; set; }
    }
}

/// <summary>What a device says of itself when it is bound.</summary>
sealed record DeviceDescription(string SerialNumber, string Model, string? Type, string? Alias, string? Firmware);
