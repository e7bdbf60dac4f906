namespace RufusIngest.Server;

/// <summary>
/// Where companies, keys, devices, sessions and passings are kept: all the truth of a server, so that several servers
/// may share one store. A company sees only what is its own; what is another's is not there. What a writing member
/// answered is kept as the store promises. Every member may be called from any thread.
/// </summary>
/// <exception cref="VenueDataException">Of every member: the data cannot be read or written.</exception>
abstract class VenueStore : IAsyncDisposable
{
    /// <summary>The number of a company, which is made when there is none of this name.</summary>
    public abstract ValueTask<int> CompanyAsync(string name);

    /// <summary>The companies there are, in the order in which they came.</summary>
    public abstract ValueTask<string[]> CompaniesAsync(CancellationToken cancellationToken);

    /// <summary>The keys that are kept.</summary>
    public abstract ValueTask<StoredKey[]> KeysAsync(CancellationToken cancellationToken);

    /// <summary>Keeps a key if none is kept yet; false when one is.</summary>
    public abstract ValueTask<bool> TryAddFirstKeyAsync(StoredKey key);

    /// <summary>The keys that are kept, for people, in the order in which they were added.</summary>
    public abstract ValueTask<IReadOnlyList<KeptVenueKey>> ListKeysAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Keeps a key; false when its company has <see cref="ApiKeys.MaxPerCompany"/> or one of its name, or its hash is kept.
    /// </summary>
    public abstract ValueTask<bool> TryAddKeyAsync(StoredKey key);

    /// <summary>Forgets a company's key by its name; false when there is none.</summary>
    public abstract ValueTask<bool> RemoveKeyAsync(int company, string name);

    /// <summary>Registers a device under its serial number, or tells which one is bound under it already.</summary>
    public abstract ValueTask<(string DeviceId, bool IsNew)> BindAsync(int company, DeviceDescription description);

    /// <summary>
    /// Forgets a device and closes its sessions, which can still be found by their tokens; false when there is none.
    /// </summary>
    public abstract ValueTask<bool> UnbindAsync(int company, string deviceId);

    /// <summary>One page of the bound devices in the order they were bound, and how many there are.</summary>
    public abstract ValueTask<(DeviceState[] Page, int Total)> DevicesAsync(
        int company, Paging paging, CancellationToken cancellationToken);

    /// <summary>Null when no such device is bound.</summary>
    public abstract ValueTask<DeviceState?> FindDeviceAsync(
        int company, string deviceId, CancellationToken cancellationToken);

    /// <summary>
    /// Opens a session and closes the device's other one, both or neither; its token, or null when there is no such
    /// device.
    /// </summary>
    public abstract ValueTask<string?> OpenAsync(int company, string deviceId, string? alias);

    /// <summary>False when it was closed already; null when there is none.</summary>
    public abstract ValueTask<bool?> CloseAsync(int company, string token);

    /// <summary>Null when there is none; one of an unbound device is still there.</summary>
    public abstract ValueTask<SessionState?> FindSessionAsync(
        int company, string token, CancellationToken cancellationToken);

    /// <summary>One page of a device's sessions in the order they were opened, and how many there are.</summary>
    public abstract ValueTask<(SessionState[] Page, int Total)> SessionsAsync(
        int company, string deviceId, Paging paging, CancellationToken cancellationToken);

    /// <summary>A device's active session; null without one.</summary>
    public abstract ValueTask<SessionState?> ActiveSessionAsync(
        int company, string deviceId, CancellationToken cancellationToken);

    /// <summary>
    /// Stores the passings whose numbers are new in the session. A number that is taken stays as it was stored: the
    /// same content is a duplicate, other content a conflict as well, of which the first few are left in the batch. The
    /// batch stays with the store until the task has ended, which no cancelling hastens.
    /// </summary>
    public abstract ValueTask<InsertResult> InsertAsync(int company, string token, PassingsBatch batch);

    /// <summary>A session's passings in the order of their numbers; null when there is no such session.</summary>
    public abstract ValueTask<PassingsPage?> SessionPassingsAsync(
        int company, string token, PassingRange range, Paging paging, CancellationToken cancellationToken);

    /// <summary>
    /// The passings of all sessions of a device in the order of their times, of their sessions, of their numbers; null
    /// when no such device is bound.
    /// </summary>
    public abstract ValueTask<PassingsPage?> DevicePassingsAsync(
        int company, string deviceId, PassingRange range, Paging paging, CancellationToken cancellationToken);

    /// <summary>A page of a device's feed; null when no such device is bound or it has no session.</summary>
    public abstract ValueTask<PassingsFeedPage?> FeedAsync(
        int company, string deviceId, FeedPosition position, CancellationToken cancellationToken);

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}
