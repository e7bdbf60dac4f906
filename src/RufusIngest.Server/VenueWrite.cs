namespace RufusIngest.Server;

/// <summary>Something that waits for the writing thread, and whoever waits for that.</summary>
abstract class VenueWrite(int passings)
{
    public int Passings => passings;

    /// <summary>Does it, inside the commit's transaction.</summary>
    public abstract void Run(SqliteVenueWriter writer);

    /// <summary>It is committed.</summary>
    public abstract void Complete();

    /// <summary>It is not, and never will be.</summary>
    public abstract void Fail(Exception failure);
}

/// <inheritdoc cref="VenueWrite"/>
sealed class VenueWrite<T>(Func<SqliteVenueWriter, T> work, int passings) : VenueWrite(passings)
{
    // The writing thread must not run what follows an answer.
    readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    T? _result;

    public Task<T> Done => _done.Task;

    public override void Run(SqliteVenueWriter writer) => _result = work(writer);

    public override void Complete() => _done.SetResult(_result!);

    public override void Fail(Exception failure) => _done.SetException(failure);
}
