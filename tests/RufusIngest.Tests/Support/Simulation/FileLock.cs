namespace RufusIngest.Tests.Support;

/// <summary>SQLite's levels of locks on a file, as numbered there.</summary>
enum FileLock
{
    None,
    Shared,
    Reserved,
    Pending,
    Exclusive,
}
